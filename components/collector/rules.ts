import type { StackConfig } from "../../config/parse";
import { grew } from "../prometheus/expressions";
import { PRIMARIES } from "./exporters";
import type { AlertRule, RuleGroup } from "../prometheus/rule-group";

/** Its metrics are pushed, so `job` is its `service.name`. */
const OWN = 'job="collector"';
const STORES = `exporter=~"${PRIMARIES.join("|")}"`;
const COPIES = `exporter!~"${PRIMARIES.join("|")}"`;
const SIGNALS = ["spans", "log_records", "metric_points"];

/** Whether one of a counter's three forms, by signal, grew; the sum is by `label`. */
function anyGrew(counter: string, label: string, ...matchers: string[]): string {
  const selector = `{${[OWN, ...matchers].join(", ")}}`;
  return SIGNALS.map(
    (signal) => `sum by (${label}) ${grew(`${counter}_${signal}_total${selector}`)}`,
  ).join(" or ");
}

const QUEUE: AlertRule = {
  alert: "CollectorQueueFills",
  expr: `otelcol_exporter_queue_size{${OWN}, ${STORES}} / otelcol_exporter_queue_capacity{${OWN}, ${STORES}} > 0.5`,
  forSeconds: 300,
  labels: { severity: "critical" },
  annotations: {
    summary: "The queue of {{ $labels.exporter }} is {{ $value | humanizePercentage }} full",
    description:
      "What it delivers to is away or slow. When the queue is full, the intake is pushed back and " +
      "applications wait.",
  },
};

/** Alerts of the collector. */
export function collectorRules(_config: StackConfig): RuleGroup[] {
  return [
    {
      name: "collector",
      rules: [
        QUEUE,
        {
          alert: "CollectorLosesData",
          expr: anyGrew("otelcol_exporter_send_failed", "exporter", STORES),
          labels: { severity: "critical" },
          annotations: {
            summary: "{{ $labels.exporter }} refuses what the collector sends",
            description:
              "It answered with an error that no retry mends, so the data is lost. The " +
              "collector's log has the answer.",
          },
        },
        {
          alert: "CollectorDropsCopies",
          expr: ["otelcol_exporter_enqueue_failed", "otelcol_exporter_send_failed"]
            .map((counter) => anyGrew(counter, "exporter", COPIES))
            .join(" or "),
          labels: { severity: "warning" },
          annotations: {
            summary: "{{ $labels.exporter }} does not get its copy",
            description:
              "It is away or slow, and what it missed is dropped. Nothing else waits for it.",
          },
        },
        {
          alert: "CollectorPushesBack",
          expr: anyGrew("otelcol_receiver_refused", "receiver"),
          forSeconds: 60,
          labels: { severity: "warning" },
          annotations: {
            summary: "The collector refuses what applications send",
            description:
              "They keep it and try again for a while. It is over its memory or a primary's " +
              "queue is full: raise `capacity` or mend what it delivers to.",
          },
        },
      ],
    },
  ];
}
