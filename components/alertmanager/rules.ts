import type { StackConfig } from "../../config/parse";
import type { RuleGroup } from "../prometheus/rule-group";

/** Alerts of the alerts' own way. They show in Prometheus even where they cannot be delivered. */
export function alertmanagerRules(_config: StackConfig): RuleGroup[] {
  return [
    {
      name: "alertmanager",
      rules: [
        {
          alert: "AlertDeliveryFails",
          expr:
            "sum by (integration, reason) " +
            "(increase(alertmanager_notifications_failed_total[5m])) > 0",
          forSeconds: 300,
          labels: { severity: "warning" },
          annotations: {
            summary: "Alertmanager cannot deliver: {{ $labels.integration }}",
            description:
              "The reason is {{ $labels.reason }}. Check `alerts.webhook`: its address, its CA " +
              "and whether it answers.",
          },
        },
      ],
    },
  ];
}
