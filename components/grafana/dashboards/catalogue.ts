import type { StackConfig } from "../../../config/parse";
import { isEnabled } from "../../stack/connections";

/**
 * The dashboards: their uids never change, for bookmarks and links hold them. `about` is whom the
 * variable `service` names: applications, or services of the stack.
 */
export const DASHBOARDS = {
  startHere: { uid: "tracekeep-start-here", title: "Start here", about: "stack" },
  services: { uid: "tracekeep-services", title: "Services", about: "applications" },
  serviceMap: {
    uid: "tracekeep-service-map",
    title: "Service map and one service",
    about: "applications",
  },
  traceSearch: { uid: "tracekeep-trace-search", title: "Trace search", about: "applications" },
  logs: { uid: "tracekeep-logs", title: "Logs", about: "applications" },
  pipeline: { uid: "tracekeep-pipeline", title: "The pipeline itself", about: "stack" },
  vectorSearch: { uid: "tracekeep-vector-search", title: "Vector search", about: "stack" },
  tracingCosts: { uid: "tracekeep-tracing-costs", title: "What tracing costs", about: "stack" },
} as const satisfies Record<
  string,
  { uid: string; title: string; about: "applications" | "stack" }
>;

export type DashboardName = keyof typeof DASHBOARDS;

/** The dashboards of the stack with this configuration, in the order in which they are listed. */
export function shownDashboards(config: StackConfig): DashboardName[] {
  const names = Object.keys(DASHBOARDS) as DashboardName[];
  return names.filter((name) => name !== "vectorSearch" || isEnabled(config, "qdrant"));
}
