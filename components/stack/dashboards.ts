import type { StackConfig } from "../../config/parse";
import type { StackDashboard } from "../grafana/dashboards/dashboard";
import { logsDashboard } from "../loki/dashboard";
import { servicesDashboard } from "../prometheus/dashboards/services";

export type { StackDashboard };

/**
 * The dashboards of the stack with this configuration. Queries hold Grafana's variables: `$name`,
 * and the built-in `$__rate_interval`, `$__range` and `$__auto`. What a variable is at first stands
 * in its `current`; there `$__all` means its `allValue`.
 */
export function stackDashboards(config: StackConfig): StackDashboard[] {
  return [servicesDashboard(config), logsDashboard(config)];
}
