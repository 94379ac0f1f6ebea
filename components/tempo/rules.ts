import type { StackConfig } from "../../config/parse";
import type { RuleGroup } from "../prometheus/rule-group";

/** Alerts of Tempo, besides those of every scrape target. */
export function tempoRules(_config: StackConfig): RuleGroup[] {
  return [
    {
      name: "tempo",
      rules: [
        {
          alert: "TempoDiscardsSpans",
          expr: "sum by (reason) (increase(tempo_discarded_spans_total[5m])) > 0",
          labels: { severity: "critical" },
          annotations: {
            summary: "Tempo discards spans: {{ $labels.reason }}",
            description:
              "It tells the sender success and throws them away. Raise `capacity.spansPerSecond` " +
              "or, for trace_too_large, `tuning.tempo.maxTraceSize`.",
          },
        },
      ],
    },
  ];
}
