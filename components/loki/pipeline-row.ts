import * as units from "@grafana/grafana-foundation-sdk/units";
import type { Row } from "../grafana/dashboards/dashboard";
import { badAtAll } from "../grafana/dashboards/fields";
import { timeSeries } from "../grafana/dashboards/panels";
import { promRange } from "../grafana/dashboards/queries";

const OWN = '{job="loki"}';
const rate = (counter: string, by = "") => `sum${by} (rate(${counter}${OWN}[$__rate_interval]))`;

/** Its counter of discarded lines is born with the first one. */
const NONE = `0 * sum(up${OWN})`;

const FAILURES = {
  loki_ingester_chunks_flush_failures_total: "a chunk did not reach the storage",
  loki_ingester_wal_disk_full_failures_total: "the disk was full",
  loki_ingester_checkpoint_creations_failed_total: "a checkpoint failed",
  loki_panic_total: "a panic",
};

/** Loki's own way, from its distributor to chunks. */
export const lokiRow = (): Row => ({
  title: "Loki",
  panels: [
    timeSeries({
      title: "Loki: lines",
      description: "Log lines per second that it took, or took and threw away.",
      unit: units.CountsPerSecond,
      queries: [
        promRange(rate("loki_distributor_lines_received_total"), { legend: "received" }),
        promRange(`${rate("loki_discarded_samples_total", " by (reason)")} or ${NONE}`, {
          legend: "discarded: {{reason}}",
        }),
      ],
      width: 8,
    }),
    timeSeries({
      title: "Loki: bytes",
      description: "Bytes per second: whole lines with their metadata, and the metadata of them.",
      unit: units.BytesPerSecondIEC,
      queries: [
        promRange(rate("loki_distributor_bytes_received_total"), { legend: "lines" }),
        promRange(rate("loki_distributor_structured_metadata_bytes_received_total"), {
          legend: "of them metadata",
        }),
      ],
      width: 8,
    }),
    timeSeries({
      title: "Loki: streams and chunks",
      description: "Streams that are written to, and their chunks in memory.",
      unit: units.Short,
      queries: [
        promRange(`sum(loki_ingester_memory_streams${OWN})`, { legend: "streams" }),
        promRange(`sum(loki_ingester_memory_chunks${OWN})`, { legend: "chunks in memory" }),
        promRange(`sum(loki_ingester_flush_queue_length${OWN})`, { legend: "waiting for disk" }),
      ],
      width: 8,
    }),
    timeSeries({
      title: "Loki: failures",
      description: "Failures in storing; any is a reason to read Loki's log.",
      unit: units.Short,
      queries: Object.entries(FAILURES).map(([counter, legend]) =>
        promRange(`sum(increase(${counter}${OWN}[$__rate_interval]))`, { legend }),
      ),
      thresholds: badAtAll(),
      width: 12,
    }),
    timeSeries({
      title: "Loki: time of an answer",
      description: "95 of 100 answers of each kind of request were faster.",
      unit: units.Seconds,
      queries: [
        promRange(
          "histogram_quantile(0.95, sum by (le, route) (rate(" +
            'loki_request_duration_seconds_bucket{job="loki", route=~"loki_api_.*|otlp_.*"}' +
            "[$__rate_interval])))",
          { legend: "{{route}}" },
        ),
      ],
      width: 12,
    }),
  ],
});
