import type { StackConfig } from "../../config/parse";
import { failedShare } from "../prometheus/expressions";
import type { RuleGroup } from "../prometheus/rule-group";

/** Alerts of Grafana, besides that of every scrape target. */
export function grafanaRules(_config: StackConfig): RuleGroup[] {
  return [
    {
      name: "grafana",
      source: "Grafana's metrics",
      rules: [
        {
          alert: "GrafanaRequestsFail",
          expr: `${failedShare("grafana_http_request_duration_seconds_count", "grafana", 'status_code=~"5.."')} > 0.1`,
          forSeconds: 300,
          labels: { severity: "warning", service: "grafana" },
          annotations: {
            summary: "{{ $value | humanizePercentage }} of Grafana's answers are errors",
            description:
              "Often a data source that it cannot reach: Connections > Data sources has a test " +
              "for each.",
          },
          when: "more than 10 % of the answers were errors for 5 minutes",
        },
      ],
    },
  ];
}
