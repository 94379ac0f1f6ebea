import type { StackConfig } from "../../config/parse";
import { shownDashboards, type DashboardName } from "../grafana/dashboards/catalogue";
import type { StackDashboard } from "../grafana/dashboards/dashboard";
import { pipelineDashboard } from "../collector/dashboard";
import { logsDashboard } from "../loki/dashboard";
import { serviceMapDashboard } from "../prometheus/dashboards/service-map";
import { servicesDashboard } from "../prometheus/dashboards/services";
import { vectorSearchDashboard } from "../qdrant/dashboard";
import { traceSearchDashboard } from "../tempo/dashboard";
import { startHereDashboard } from "./dashboards/start-here";
import { tracingCostsDashboard } from "./dashboards/tracing-costs";

export type { StackDashboard };

const BUILDERS: Readonly<Record<DashboardName, (config: StackConfig) => StackDashboard>> = {
  startHere: startHereDashboard,
  services: servicesDashboard,
  serviceMap: serviceMapDashboard,
  traceSearch: traceSearchDashboard,
  logs: logsDashboard,
  pipeline: pipelineDashboard,
  vectorSearch: vectorSearchDashboard,
  tracingCosts: tracingCostsDashboard,
};

/**
 * The dashboards of the stack with this configuration. Queries hold Grafana's variables: `$name`,
 * and the built-in `$__rate_interval`, `$__range` and `$__auto`. What a variable is at first stands
 * in its `current`; there `$__all` means its `allValue`.
 */
export function stackDashboards(config: StackConfig): StackDashboard[] {
  return shownDashboards(config).map((name) => BUILDERS[name](config));
}
