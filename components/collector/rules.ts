import type { StackConfig } from "../../config/parse";
import type { RuleGroup } from "../prometheus/rule-group";

/** Alerts of the collector. Its metrics are pushed, so `job` is its `service.name`. */
export function collectorRules(_config: StackConfig): RuleGroup[] {
  return [
    {
      name: "collector",
      rules: [
        {
          alert: "CollectorQueueFills",
          expr:
            'otelcol_exporter_queue_size{job="collector"} ' +
            '/ otelcol_exporter_queue_capacity{job="collector"} > 0.5',
          forSeconds: 300,
          labels: { severity: "critical" },
          annotations: {
            summary:
              "The queue of {{ $labels.exporter }} is {{ $value | humanizePercentage }} full",
            description:
              "What it delivers to is away or slow. When a primary's queue is full, the intake " +
              "is pushed back; a copy's drops.",
          },
        },
      ],
    },
  ];
}
