import type { StackConfig } from "../../config/parse";
import { grew } from "../prometheus/expressions";
import { PUSHING_JOBS } from "../prometheus/metric-names";
import type { RuleGroup } from "../prometheus/rule-group";

const OWN = `{job="${PUSHING_JOBS.jaeger}"}`;

/** Alerts of Jaeger, besides that of every service that pushes its metrics. */
export function jaegerRules(_config: StackConfig): RuleGroup[] {
  return [
    {
      name: "jaeger",
      source: "Jaeger's own metrics",
      rules: [
        {
          alert: "JaegerSpansLost",
          expr: ["otelcol_exporter_send_failed_spans_total", "otelcol_receiver_refused_spans_total"]
            .map((counter) => `sum(${grew(`${counter}${OWN}`)})`)
            .join(" or "),
          forSeconds: 300,
          labels: { severity: "warning", service: "jaeger" },
          annotations: {
            summary: "Jaeger did not store {{ $value | humanize }} of the spans that it got",
            description:
              "Its disk is full or its memory too small. Tempo is not concerned: Jaeger holds a " +
              "copy.",
          },
          when: "spans could not be stored or were refused for 5 minutes",
        },
      ],
    },
  ];
}
