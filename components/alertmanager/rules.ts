import type { StackConfig } from "../../config/parse";
import { grew } from "../prometheus/expressions";
import type { RuleGroup } from "../prometheus/rule-group";

/** Alerts of the alerts' own way. They show in Prometheus even where they cannot be delivered. */
export function alertmanagerRules(_config: StackConfig): RuleGroup[] {
  return [
    {
      name: "alertmanager",
      source: "Alertmanager's metrics",
      rules: [
        {
          alert: "AlertDeliveryFails",
          expr: `sum by (receiver_name, reason) ${grew("alertmanager_notifications_failed_total")}`,
          forSeconds: 120,
          labels: { severity: "warning" },
          annotations: {
            summary:
              "Alertmanager could not deliver {{ $value | humanize }} notifications to " +
              "{{ $labels.receiver_name }}",
            description:
              "The reason is {{ $labels.reason }}. Check `alerts.receivers`: their addresses, " +
              "their CAs and whether they answer.",
          },
          when: "notifications could not be delivered for 2 minutes",
          options: ["alerts.receivers"],
        },
      ],
    },
  ];
}
