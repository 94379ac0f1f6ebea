import type { StackConfig } from "../../config/parse";
import type { RuleGroup } from "../prometheus/rule-group";

/** Alerts of Grafana, besides those of every scrape target. */
export function grafanaRules(_config: StackConfig): RuleGroup[] {
  return [
    {
      name: "grafana",
      rules: [
        {
          alert: "GrafanaRequestsFail",
          expr:
            'sum(rate(grafana_http_request_duration_seconds_count{status_code=~"5.."}[5m])) ' +
            "/ sum(rate(grafana_http_request_duration_seconds_count[5m])) > 0.1",
          forSeconds: 300,
          labels: { severity: "warning" },
          annotations: {
            summary: "{{ $value | humanizePercentage }} of Grafana's answers are errors",
            description:
              "Often a data source that it cannot reach: Connections > Data sources has a test " +
              "for each.",
          },
        },
      ],
    },
  ];
}
