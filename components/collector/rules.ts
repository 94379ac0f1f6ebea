import type { StackConfig } from "../../config/parse";
import { isEnabled } from "../stack/connections";
import { grew } from "../prometheus/expressions";
import type { AlertRule, RuleGroup } from "../prometheus/rule-group";
import { PRIMARIES } from "./exporters";
import { eachReplica, OWN, SIGNALS } from "./flow";

const STORES = `exporter=~"${PRIMARIES.join("|")}"`;
const COPIES = `exporter!~"${PRIMARIES.join("|")}"`;

/** What an exporter delivers to, from its id: `otlp_grpc/tempo` is tempo's. */
const DESTINATION = '{{ reReplaceAll ".*/" "" $labels.exporter }}';

/** Whether one of a counter's three forms, by signal, grew; the sum is by `label`. */
function anyGrew(own: string, counter: string, label: string, ...matchers: string[]): string {
  const selector = `{${[own, ...matchers].join(", ")}}`;
  return SIGNALS.map(
    (signal) => `sum by (${label}) ${grew(`${counter}_${signal}_total${selector}`)}`,
  ).join(" or ");
}

/** Exporters that have delivered something in the last minutes. */
const delivering = (labels: string) =>
  SIGNALS.map(
    (signal) =>
      `sum by (${labels}) (rate(otelcol_exporter_sent_${signal}_total{${OWN}, ${STORES}}[2m])) > 0`,
  ).join(" or ");

function storeRules(config: StackConfig): AlertRule[] {
  const { queue } = config.alerts;
  // Of each replica by itself: that others deliver empties no queue of this one.
  const labels = ["exporter", ...eachReplica(config)].join(", ");
  const size = (of: string) =>
    `max by (${labels}) (otelcol_exporter_queue_${of}{${OWN}, ${STORES}})`;
  return [
    {
      alert: "CollectorExportStalls",
      expr: `${size("size")} > 0 unless on (${labels}) (${delivering(labels)})`,
      forSeconds: 120,
      labels: { severity: "warning", service: DESTINATION },
      annotations: {
        summary: "The collector delivers nothing through {{ $labels.exporter }}",
        description:
          "{{ $value | humanize1024 }}B wait in its queue on disk, and nothing is lost yet. What " +
          "it delivers to is away, or refuses its certificate: the collector's log has the error.",
      },
      when: "something waits in the queue to a store, and nothing was delivered for 2 minutes",
    },
    {
      alert: "CollectorQueueFills",
      expr: `${size("size")} / ${size("capacity")} > ${queue}`,
      forSeconds: 60,
      labels: { severity: "critical", service: DESTINATION },
      annotations: {
        summary: "The queue of {{ $labels.exporter }} is {{ $value | humanizePercentage }} full",
        description:
          "What it delivers to is away or slow. When the queue is full, the intake is pushed back " +
          "and applications wait.",
      },
      when: `a queue to a store filled above ${queue * 100} % for 1 minute`,
      options: ["alerts.queue", "capacity.outage"],
    },
    {
      alert: "CollectorLosesData",
      expr: anyGrew(OWN, "otelcol_exporter_send_failed", "exporter", STORES),
      labels: { severity: "critical" },
      annotations: {
        summary: "{{ $labels.exporter }} refused {{ $value | humanize }} items of the collector",
        description:
          "It answered with an error that no retry mends, so the data is lost. The " +
          "collector's log has the answer.",
      },
      when: "a store refused something for good in the last 5 minutes",
    },
  ];
}

const COPIES_DROPPED: AlertRule = {
  alert: "CollectorDropsCopies",
  expr: ["otelcol_exporter_enqueue_failed", "otelcol_exporter_send_failed"]
    .map((counter) => anyGrew(OWN, counter, "exporter", COPIES))
    .join(" or "),
  labels: { severity: "warning", service: DESTINATION },
  annotations: {
    summary: "{{ $labels.exporter }} missed {{ $value | humanize }} items of its copy",
    description: "It is away or slow, and what it missed is dropped. Nothing else waits for it.",
  },
  when: "something for Jaeger or one of `extraReceivers` was dropped in the last 5 minutes",
};

/** What receivers of a job sent back, whatever the reason, by receiver. */
export const anyRefused = (own: string): string =>
  ["otelcol_receiver_refused", "otelcol_receiver_failed"]
    .map((counter) => anyGrew(own, counter, "receiver"))
    .join(" or ");

const PUSHED_BACK: AlertRule = {
  alert: "CollectorPushesBack",
  expr: anyRefused(OWN),
  forSeconds: 60,
  labels: { severity: "warning" },
  annotations: {
    summary: "The collector refused {{ $value | humanize }} items at {{ $labels.receiver }}",
    description:
      "Applications keep them and try again for a while. It is over its memory or the queue to a " +
      "store is full: raise `capacity` or mend what it delivers to.",
  },
  when: "the intake refused something in the last 5 minutes, for 1 minute",
  options: ["capacity"],
};

/** Alerts of the collector. */
export function collectorRules(config: StackConfig): RuleGroup[] {
  const copied = isEnabled(config, "jaeger") || config.extraReceivers.length > 0;
  return [
    {
      name: "collector",
      source: "the collector's own metrics",
      rules: [PUSHED_BACK, ...storeRules(config), ...(copied ? [COPIES_DROPPED] : [])],
    },
  ];
}
