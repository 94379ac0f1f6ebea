import * as units from "@grafana/grafana-foundation-sdk/units";
import type { Row } from "../grafana/dashboards/dashboard";
import { timeSeries } from "../grafana/dashboards/panels";
import { promRange } from "../grafana/dashboards/queries";

const OWN = '{job="jaeger"}';
const rate = (counter: string) => `sum(rate(${counter}${OWN}[$__rate_interval]))`;

/** Jaeger: what it gets of its copy, and what it stores. */
export const jaegerRow = (): Row => ({
  title: "Jaeger",
  panels: [
    timeSeries({
      title: "Jaeger: spans",
      description: "Spans per second that it took, stored, and could not store.",
      unit: units.CountsPerSecond,
      queries: [
        promRange(rate("otelcol_receiver_accepted_spans_total"), { legend: "received" }),
        promRange(rate("otelcol_exporter_sent_spans_total"), { legend: "stored" }),
        promRange(
          `${rate("otelcol_exporter_send_failed_spans_total")} or 0 * ${rate("otelcol_receiver_accepted_spans_total")}`,
          { legend: "not stored" },
        ),
      ],
      width: 12,
    }),
    timeSeries({
      title: "Jaeger: size on disk",
      description: "What its store has on disk: the index, and the spans themselves.",
      unit: units.BytesIEC,
      queries: [
        promRange(`sum(jaeger_storage_badger_size_bytes_lsm${OWN})`, { legend: "index" }),
        promRange(`sum(jaeger_storage_badger_size_bytes_vlog${OWN})`, { legend: "spans" }),
      ],
      stacked: true,
      width: 12,
    }),
  ],
});
