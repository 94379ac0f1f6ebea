import * as units from "@grafana/grafana-foundation-sdk/units";
import type { Row } from "../grafana/dashboards/dashboard";
import { badAtAll } from "../grafana/dashboards/fields";
import { timeSeries } from "../grafana/dashboards/panels";
import { promRange } from "../grafana/dashboards/queries";

const OWN = '{job="tempo"}';
const rate = (counter: string, by = "") => `sum${by} (rate(${counter}${OWN}[$__rate_interval]))`;
/** Counters of failures may be born with the first one. */
const NONE = `0 * sum(up${OWN})`;
const grown = (counter: string) => `sum(increase(${counter}${OWN}[$__rate_interval])) or ${NONE}`;

const FAILURES = {
  tempo_live_store_failed_completions_total: "a block could not be completed",
  tempo_live_store_local_failed_flushes_total: "a block did not reach the storage",
  tempodb_blocklist_poll_errors_total: "the blocks could not be listed",
  tempodb_compaction_errors_total: "blocks could not be merged",
  tempodb_retention_errors_total: "a block could not be deleted",
};

/** Tempo's own way, from its receiver to blocks. */
export const tempoRow = (): Row => ({
  title: "Tempo",
  panels: [
    timeSeries({
      title: "Tempo: received against stored",
      description:
        "Bytes per second that its distributor took in, and that its live store got of them. What " +
        "is stored is never less: every trace of a request gets the resource of its own.",
      unit: units.BytesPerSecondIEC,
      queries: [
        promRange(rate("tempo_distributor_bytes_received_total"), { legend: "received" }),
        promRange(rate("tempo_live_store_bytes_received_total"), { legend: "stored" }),
      ],
      width: 8,
    }),
    timeSeries({
      title: "Tempo: spans",
      description: "Spans per second that it took, sent back, or took and threw away.",
      unit: units.CountsPerSecond,
      queries: [
        promRange(rate("tempo_distributor_spans_received_total"), { legend: "received" }),
        promRange(rate("tempo_receiver_refused_spans"), { legend: "refused" }),
        promRange(`${rate("tempo_discarded_spans_total", " by (reason)")} or ${NONE}`, {
          legend: "discarded: {{reason}}",
        }),
      ],
      width: 8,
    }),
    timeSeries({
      title: "Tempo: live traces",
      description: "Bytes of traces that are not in its write-ahead log yet: what a kill loses.",
      unit: units.BytesIEC,
      queries: [
        promRange(`sum(tempo_live_store_live_trace_bytes${OWN})`, { legend: "live traces" }),
      ],
      width: 8,
    }),
    timeSeries({
      title: "Tempo: blocks",
      description: "Blocks in the last hour: completed, brought to the storage, deleted for age.",
      unit: units.Short,
      queries: [
        promRange(`sum(increase(tempo_live_store_blocks_completed_total${OWN}[1h]))`, {
          legend: "completed",
        }),
        promRange(`sum(increase(tempo_live_store_local_blocks_flushed_total${OWN}[1h]))`, {
          legend: "in the storage",
        }),
        promRange(`sum(increase(tempodb_retention_deleted_total${OWN}[1h]))`, {
          legend: "deleted",
        }),
      ],
      width: 8,
    }),
    timeSeries({
      title: "Tempo: failures",
      description: "Failures with blocks; any is a reason to read Tempo's log.",
      unit: units.Short,
      queries: Object.entries(FAILURES).map(([counter, legend]) =>
        promRange(grown(counter), { legend }),
      ),
      thresholds: badAtAll(),
      width: 8,
    }),
    timeSeries({
      title: "Tempo: time of an answer",
      description: "95 of 100 answers of each kind of query were faster.",
      unit: units.Seconds,
      queries: [
        promRange(
          "histogram_quantile(0.95, sum by (le, route) (rate(" +
            'tempo_request_duration_seconds_bucket{job="tempo", route=~"api_.*"}' +
            "[$__rate_interval])))",
          { legend: "{{route}}" },
        ),
      ],
      width: 8,
    }),
  ],
});
