import type { StackConfig } from "../../config/parse";
import { anyRefused } from "../collector/rules";
import { PUSHING_JOBS } from "../prometheus/metric-names";
import type { RuleGroup } from "../prometheus/rule-group";

const OWN = `job="${PUSHING_JOBS["collector-gateway"]}"`;

/** Requests per second to each replica of the collector, by how they ended. */
const handovers = (success: boolean) =>
  `sum by (endpoint) (rate(otelcol_loadbalancer_backend_outcome_total{${OWN}, success="${success}"}[2m])) > 0`;

/** Alerts of the gateway, besides those of every service that pushes its metrics. */
export function gatewayRules(_config: StackConfig): RuleGroup[] {
  return [
    {
      name: "gateway",
      source: "the gateway's own metrics",
      rules: [
        {
          alert: "GatewayPushesBack",
          expr: anyRefused(OWN),
          forSeconds: 60,
          labels: { severity: "warning" },
          annotations: {
            summary: "The gateway refused {{ $value | humanize }} items at {{ $labels.receiver }}",
            description:
              "Applications keep them and try again for a while. It is over its memory, or a " +
              "collector behind it is away or refuses: it keeps nothing that none of them took.",
          },
          when: "the gateway refused something in the last 5 minutes, for 1 minute",
          options: ["capacity"],
        },
        {
          alert: "GatewayHandoverFails",
          expr: `${handovers(false)} unless on (endpoint) (${handovers(true)})`,
          forSeconds: 120,
          labels: { severity: "critical", service: "collector" },
          annotations: {
            summary: "The gateway can hand nothing to the collector at {{ $labels.endpoint }}",
            description:
              "Every request with a part for it is sent back to its sender, which gives up after " +
              "a while. The replica is known and does not answer, or one of both refuses the " +
              "other's certificate: the gateway's log says which.",
          },
          when: "every request to one of the collector's replicas failed for 2 minutes",
        },
      ],
    },
  ];
}
