import type { StackConfig } from "../../config/parse";
import { grew } from "../prometheus/expressions";
import { PUSHING_JOBS } from "../prometheus/metric-names";
import type { RuleGroup } from "../prometheus/rule-group";

const OWN = `job="${PUSHING_JOBS["log-agent"]}"`;
const READ = `otelcol_receiver_accepted_log_records_total{${OWN}}`;
const REFUSED = `otelcol_exporter_send_failed_log_records_total{${OWN}}`;

/** Alerts of the log agent, besides that of every service that pushes its metrics. */
export function logAgentRules(_config: StackConfig): RuleGroup[] {
  return [
    {
      name: "log-agent",
      source: "the log agent's own metrics",
      rules: [
        {
          alert: "ContainerLogsAbsent",
          // A counter that is not there counted nothing.
          expr: `(sum(increase(${READ}[15m])) or vector(0)) == 0`,
          forSeconds: 300,
          labels: { severity: "warning", service: "log-agent" },
          annotations: {
            summary: "The log agent read {{ $value }} lines of the stack in 15 minutes",
            description:
              "Loki alone writes some every minute. Either the logs are not where the options say " +
              "that the host keeps them, or it does not let the log agent read them.",
          },
          when: "the log agent read no line of the stack's containers in 15 minutes, for 5 minutes",
          options: ["containerLogs.directory", "kubernetes.podLogs.directory"],
        },
        {
          alert: "ContainerLogsLost",
          expr: `sum(${grew(REFUSED)})`,
          labels: { severity: "warning" },
          annotations: {
            summary: "The collector refused {{ $value | humanize }} lines of the log agent",
            description:
              "It answered with an error that no retry mends, so they are only where containers " +
              "leave them. The log agent's log has the answer.",
          },
          when: "the collector refused lines of the log agent for good in the last 5 minutes",
        },
      ],
    },
  ];
}
