import type { StackConfig } from "../../config/parse";
import type { RuleGroup } from "../prometheus/rule-group";

/** Alerts of Loki, besides those of every scrape target. */
export function lokiRules(_config: StackConfig): RuleGroup[] {
  return [
    {
      name: "loki",
      rules: [
        {
          alert: "LokiDiscardsLines",
          expr: "sum by (reason) (increase(loki_discarded_samples_total[5m])) > 0",
          labels: { severity: "critical" },
          annotations: {
            summary: "Loki discards log lines: {{ $labels.reason }}",
            description:
              "rate_limited: raise `capacity.logLinesPerSecond`. line_too_long: raise " +
              "`tuning.loki.maxLineSize`.",
          },
        },
      ],
    },
  ];
}
