import * as units from "@grafana/grafana-foundation-sdk/units";
import type { StackConfig } from "../../config/parse";
import { alertmanagerRow } from "../alertmanager/pipeline-row";
import { gatewayRow } from "../gateway/pipeline-row";
import { buildDashboard, type Row, type StackDashboard } from "../grafana/dashboards/dashboard";
import { badAbove, badAtAll, percent } from "../grafana/dashboards/fields";
import { bars, timeSeries } from "../grafana/dashboards/panels";
import { promInstant, promRange } from "../grafana/dashboards/queries";
import { jaegerRow } from "../jaeger/pipeline-row";
import { logAgentRow } from "../log-agent/pipeline-row";
import { lokiRow } from "../loki/pipeline-row";
import { prometheusRow } from "../prometheus/dashboards/pipeline-row";
import { isEnabled } from "../stack/connections";
import { ownServiceVariables } from "../stack/dashboards/own-services";
import { processRow } from "../stack/dashboards/processes";
import { tempoRow } from "../tempo/pipeline-row";
import { differenceRow } from "./difference-row";
import { eachReplica, OWN, received, SIGNALS } from "./flow";

const NAMES = { spans: "Spans", log_records: "Log records", metric_points: "Metric points" };

/** What became of what applications sent, by receiver. */
const intake = (): Row => ({
  title: "The collector's intake",
  panels: SIGNALS.map((signal) =>
    timeSeries({
      title: `${NAMES[signal]} at the door`,
      description:
        "Accepted: on its way. Refused: the sender keeps it and tries again, for the memory or a " +
        "queue is full. Failed: an error of the collector's own.",
      unit: units.CountsPerSecond,
      queries: ["accepted", "refused", "failed"].map((fate) =>
        promRange(`sum by (receiver) (rate(${received(fate, signal)}[$__rate_interval]))`, {
          legend: `{{receiver}}: ${fate}`,
        }),
      ),
      width: 8,
    }),
  ),
});

/** A counter of exporters over all signals, which is born with the first loss. */
const lost = (fate: string) =>
  [
    ...SIGNALS.map(
      (signal) =>
        `sum by (exporter) (increase(otelcol_exporter_${fate}_${signal}_total{${OWN}}[$__rate_interval]))`,
    ),
    `0 * max by (exporter) (otelcol_exporter_queue_capacity{${OWN}})`,
  ].join(" or ");

/** Born with the first refusal. */
const refused = (signal: string) =>
  `sum(rate(otelcol_processor_memory_limiter_refused_${signal}_total{${OWN}}[$__rate_interval]))`;

function delivery(config: StackConfig): Row {
  const { queue } = config.alerts;
  const labels = ["exporter", ...eachReplica(config)];
  const size = (of: string) =>
    `max by (${labels.join(", ")}) (otelcol_exporter_queue_${of}{${OWN}})`;
  const legend = labels.map((label) => `{{${label}}}`).join(" of ");
  return {
    title: "The collector's deliveries",
    panels: [
      bars({
        title: "Queues",
        description:
          `How full the queue to each destination is. Red above the alert's ${percent(queue)}: a ` +
          "full queue to a store holds senders back, one to a copy drops what comes.",
        unit: units.PercentUnit,
        queries: [promInstant(`${size("size")} / ${size("capacity")}`, legend)],
        thresholds: badAbove(queue),
        max: 1,
        width: 8,
      }),
      timeSeries({
        title: "Bytes in the queues",
        description: "What waits for each destination; those of stores are on disk.",
        unit: units.BytesIEC,
        queries: [promRange(size("size"), { legend })],
        width: 8,
      }),
      timeSeries({
        title: "Requests in flight",
        description: "Requests to each destination that are not answered yet.",
        unit: units.Short,
        queries: [
          promRange(`sum by (exporter) (otelcol_exporter_in_flight_requests{${OWN}})`, {
            legend: "{{exporter}}",
          }),
        ],
        width: 8,
      }),
      ...SIGNALS.map((signal) =>
        timeSeries({
          title: `${NAMES[signal]} delivered`,
          description: "What each destination has taken, per second.",
          unit: units.CountsPerSecond,
          queries: [
            promRange(
              `sum by (exporter) (rate(otelcol_exporter_sent_${signal}_total{${OWN}}[$__rate_interval]))`,
              { legend: "{{exporter}}" },
            ),
          ],
          width: 8,
        }),
      ),
      timeSeries({
        title: "Lost",
        description:
          "Items that a destination refused for good, or that did not fit into the queue of a copy.",
        unit: units.Short,
        queries: [
          promRange(lost("send_failed"), { legend: "{{exporter}}: refused" }),
          promRange(lost("enqueue_failed"), { legend: "{{exporter}}: queue full" }),
        ],
        thresholds: badAtAll(),
        width: 12,
      }),
      timeSeries({
        title: "Refused for memory",
        description: "Items per second that the memory limiter sent back; senders try again.",
        unit: units.CountsPerSecond,
        queries: SIGNALS.map((signal) =>
          promRange(
            `${refused(signal)} or 0 * sum(otelcol_processor_memory_limiter_accepted_${signal}_total{${OWN}})`,
            { legend: NAMES[signal].toLowerCase() },
          ),
        ),
        width: 12,
      }),
    ],
  };
}

/** The way of the data itself: every service that takes, passes on or stores. */
export function pipelineDashboard(config: StackConfig): StackDashboard {
  return buildDashboard(config, {
    name: "pipeline",
    description:
      "Whether everything that comes in is stored: each step from the collector's intake to " +
      "Tempo, Loki and Prometheus, and the processes behind them.",
    variables: ownServiceVariables(),
    rows: [
      differenceRow(config),
      ...(isEnabled(config, "collector-gateway") ? [gatewayRow(config)] : []),
      intake(),
      delivery(config),
      tempoRow(),
      lokiRow(),
      prometheusRow(),
      ...(isEnabled(config, "log-agent") ? [logAgentRow()] : []),
      ...(isEnabled(config, "jaeger") ? [jaegerRow()] : []),
      ...(isEnabled(config, "alertmanager") ? [alertmanagerRow()] : []),
      processRow(config),
    ],
  });
}
