import * as units from "@grafana/grafana-foundation-sdk/units";
import type { Row } from "../../grafana/dashboards/dashboard";
import { badAtAll } from "../../grafana/dashboards/fields";
import { timeSeries } from "../../grafana/dashboards/panels";
import { promRange } from "../../grafana/dashboards/queries";

const OWN = '{job="prometheus"}';

const REFUSED = {
  prometheus_tsdb_too_old_samples_total: "too old",
  prometheus_tsdb_out_of_bound_samples_total: "out of bounds",
  prometheus_target_scrapes_exceeded_sample_limit_total: "too many in a scrape",
  prometheus_target_scrapes_sample_duplicate_timestamp_total: "twice",
};

const FAILURES = {
  prometheus_rule_evaluation_failures_total: "a rule could not be evaluated",
  prometheus_notifications_dropped_total: "an alert was not delivered",
  prometheus_tsdb_compactions_failed_total: "a compaction",
  prometheus_tsdb_wal_corruptions_total: "a corrupt write-ahead log",
};

const SIZES = {
  prometheus_tsdb_storage_blocks_bytes: "blocks",
  prometheus_tsdb_wal_storage_size_bytes: "write-ahead log",
  prometheus_tsdb_head_chunks_storage_size_bytes: "chunks of the last hours",
};

/** Prometheus' own way: samples, what it refuses, what fails. */
export const prometheusRow = (): Row => ({
  title: "Prometheus",
  panels: [
    timeSeries({
      title: "Prometheus: samples",
      description: "Samples per second that it stored, pushed and scraped ones together.",
      unit: units.CountsPerSecond,
      queries: [
        promRange(
          `sum by (type) (rate(prometheus_tsdb_head_samples_appended_total${OWN}[$__rate_interval]))`,
          { legend: "{{type}}" },
        ),
      ],
      width: 8,
    }),
    timeSeries({
      title: "Prometheus: series",
      description: "Series that had a sample in the last hours; they are what its memory goes to.",
      unit: units.Short,
      queries: [
        promRange(`sum(prometheus_tsdb_head_series${OWN})`, { legend: "series" }),
        promRange(`sum(prometheus_tsdb_exemplar_exemplars_in_storage${OWN})`, {
          legend: "exemplars",
        }),
      ],
      width: 8,
    }),
    timeSeries({
      title: "Prometheus: refused samples",
      description: "Samples that it did not store, by reason.",
      unit: units.Short,
      queries: Object.entries(REFUSED).map(([counter, legend]) =>
        promRange(`sum(increase(${counter}${OWN}[$__rate_interval]))`, { legend }),
      ),
      thresholds: badAtAll(),
      width: 8,
    }),
    timeSeries({
      title: "Prometheus: failures",
      description: "What went wrong; any is a reason to read Prometheus' log.",
      unit: units.Short,
      queries: Object.entries(FAILURES).map(([counter, legend]) =>
        promRange(`sum(increase(${counter}${OWN}[$__rate_interval]))`, { legend }),
      ),
      thresholds: badAtAll(),
      width: 8,
    }),
    timeSeries({
      title: "Prometheus: size on disk",
      description: "What it stores; the first two hours are in the log and the chunks alone.",
      unit: units.BytesIEC,
      queries: Object.entries(SIZES).map(([gauge, legend]) =>
        promRange(`sum(${gauge}${OWN})`, { legend }),
      ),
      stacked: true,
      width: 8,
    }),
    timeSeries({
      title: "Prometheus: time of an answer",
      description: "95 of 100 answers of each page of its API were faster.",
      unit: units.Seconds,
      queries: [
        promRange(
          "histogram_quantile(0.95, sum by (le, handler) (rate(" +
            'prometheus_http_request_duration_seconds_bucket{job="prometheus", ' +
            'handler=~"/api/v1/.*"}[$__rate_interval])))',
          { legend: "{{handler}}" },
        ),
      ],
      width: 8,
    }),
  ],
});
