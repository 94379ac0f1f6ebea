import type { StackConfig } from "../../config/parse";
import type { RuleGroup } from "../prometheus/rule-group";

/** Alerts of Jaeger. Its metrics are pushed, so `job` is its `service.name`. */
export function jaegerRules(_config: StackConfig): RuleGroup[] {
  return [
    {
      name: "jaeger",
      rules: [
        {
          alert: "JaegerSpansLost",
          expr:
            'sum(increase(otelcol_exporter_send_failed_spans_total{job="jaeger"}[5m])) > 0 ' +
            'or sum(increase(otelcol_receiver_refused_spans_total{job="jaeger"}[5m])) > 0',
          forSeconds: 300,
          labels: { severity: "warning" },
          annotations: {
            summary: "Jaeger does not store all spans that it gets",
            description:
              "Its disk is full or its memory too small. Tempo is not concerned: Jaeger holds a " +
              "copy.",
          },
        },
      ],
    },
  ];
}
