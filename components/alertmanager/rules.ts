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
            "sum by (receiver_name, reason) " +
            "(increase(alertmanager_notifications_failed_total[5m])) > 0",
          forSeconds: 300,
          labels: { severity: "warning" },
          annotations: {
            summary: "Alertmanager cannot deliver to {{ $labels.receiver_name }}",
            description:
              "The reason is {{ $labels.reason }}. Check the address and the CA of the receiver " +
              "under `alerts`, and whether it answers.",
          },
        },
      ],
    },
  ];
}
