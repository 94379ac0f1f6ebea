import type { StackConfig } from "../../config/parse";
import { failedShare, grew } from "../prometheus/expressions";
import type { RuleGroup } from "../prometheus/rule-group";

/** Alerts of Tempo, besides those of every scrape target. */
export function tempoRules(_config: StackConfig): RuleGroup[] {
  return [
    {
      name: "tempo",
      rules: [
        {
          alert: "TempoDiscardsSpans",
          expr: `sum by (reason) ${grew("tempo_discarded_spans_total")}`,
          labels: { severity: "critical" },
          annotations: {
            summary: "Tempo discards spans: {{ $labels.reason }}",
            description:
              "It tells the sender success and throws them away. Raise `capacity.spansPerSecond` " +
              "or, for trace_too_large, `tuning.tempo.maxTraceSize`.",
          },
        },
        {
          alert: "TempoDoesNotStore",
          expr:
            "sum(rate(tempo_distributor_spans_received_total[5m])) > 0 " +
            "unless sum(rate(tempo_live_store_traces_created_total[5m])) > 0",
          forSeconds: 300,
          labels: { severity: "critical" },
          annotations: {
            summary: "Tempo gets spans and stores none",
            description: "Its live store does not take what the distributor hands on: see its log.",
          },
        },
        {
          alert: "TempoBlocksFail",
          expr:
            `sum(${grew("tempo_live_store_failed_completions_total")}) ` +
            `or sum(${grew("tempodb_retention_errors_total")})`,
          forSeconds: 300,
          labels: { severity: "warning" },
          annotations: {
            summary: "Tempo cannot write or delete blocks",
            description: "Its disk is full, or S3 refuses: Tempo's log has the error.",
          },
        },
        {
          alert: "TempoRequestsFail",
          expr: `${failedShare("tempo_request_duration_seconds_count", "tempo", 'status_code=~"5.."')} > 0.05`,
          forSeconds: 300,
          labels: { severity: "warning" },
          annotations: {
            summary: "{{ $value | humanizePercentage }} of Tempo's answers are errors",
            description: "Queries fail while spans may well be stored: Tempo's log has the error.",
          },
        },
      ],
    },
  ];
}
