import type { StackConfig } from "../../config/parse";
import type { RuleGroup } from "../prometheus/rule-group";

/** Alerts of Qdrant, besides those of every scrape target. */
export function qdrantRules(_config: StackConfig): RuleGroup[] {
  return [
    {
      name: "qdrant",
      rules: [
        {
          alert: "QdrantRecoveryMode",
          expr: "app_status_recovery_mode == 1",
          labels: { severity: "critical" },
          annotations: {
            summary: "Qdrant runs in recovery mode",
            description:
              "It ran out of memory while it started and now only deletes. Raise " +
              "`limits.qdrant.memory` or delete collections, then restart it.",
          },
        },
        {
          alert: "QdrantRequestsFail",
          expr:
            'sum(rate(rest_responses_total{job="qdrant",status=~"5.."}[5m])) ' +
            '/ sum(rate(rest_responses_total{job="qdrant"}[5m])) > 0.05',
          forSeconds: 300,
          labels: { severity: "warning" },
          annotations: {
            summary: "{{ $value | humanizePercentage }} of Qdrant's answers are errors",
            description: "Its log has the error of each.",
          },
        },
      ],
    },
  ];
}
