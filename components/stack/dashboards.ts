import type { StackConfig } from "../../config/parse";
import { shownDashboards, type DashboardName } from "../grafana/dashboards/catalogue";
import type { StackDashboard } from "../grafana/dashboards/dashboard";
import { logsDashboard } from "../loki/dashboard";
import { serviceMapDashboard } from "../prometheus/dashboards/service-map";
import { servicesDashboard } from "../prometheus/dashboards/services";
import { vectorSearchDashboard } from "../qdrant/dashboard";
import { traceSearchDashboard } from "../tempo/dashboard";

export type { StackDashboard };

const BUILDERS: Readonly<Partial<Record<DashboardName, (config: StackConfig) => StackDashboard>>> =
  {
    services: servicesDashboard,
    serviceMap: serviceMapDashboard,
    traceSearch: traceSearchDashboard,
    logs: logsDashboard,
    vectorSearch: vectorSearchDashboard,
  };

/**
 * The dashboards of the stack with this configuration. Queries hold Grafana's variables: `$name`,
 * and the built-in `$__rate_interval`, `$__range` and `$__auto`. What a variable is at first stands
 * in its `current`; there `$__all` means its `allValue`.
 */
export function stackDashboards(config: StackConfig): StackDashboard[] {
  return shownDashboards(config).flatMap((name) => BUILDERS[name]?.(config) ?? []);
}
