import type { StackConfig } from "../../config/parse";
import { failedShare, grew } from "../prometheus/expressions";
import type { RuleGroup } from "../prometheus/rule-group";

/** Alerts of Loki, besides those of every scrape target. */
export function lokiRules(_config: StackConfig): RuleGroup[] {
  return [
    {
      name: "loki",
      rules: [
        {
          alert: "LokiDiscardsLines",
          expr: `sum by (reason) ${grew("loki_discarded_samples_total")}`,
          labels: { severity: "critical" },
          annotations: {
            summary: "Loki discards log lines: {{ $labels.reason }}",
            description:
              "rate_limited: raise `capacity.logLinesPerSecond`. line_too_long: raise " +
              "`tuning.loki.maxLineSize`.",
          },
        },
        {
          alert: "LokiRequestsFail",
          expr: `${failedShare("loki_request_duration_seconds_count", "loki", 'status_code=~"5.."')} > 0.05`,
          forSeconds: 300,
          labels: { severity: "warning" },
          annotations: {
            summary: "{{ $value | humanizePercentage }} of Loki's answers are errors",
            description: "Logs wait in the collector's queue meanwhile: Loki's log has the error.",
          },
        },
        {
          alert: "LokiPanics",
          expr: `sum(${grew("loki_panic_total")})`,
          labels: { severity: "warning" },
          annotations: {
            summary: "Loki panicked",
            description: "A request made it fail: Loki's log has the stack.",
          },
        },
      ],
    },
  ];
}
