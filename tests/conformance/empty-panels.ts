/** What may be missing in the conformance test of the dashboards, each with its reason. */

export interface EmptyPanel {
  /** `dashboard › panel › ref`. */
  query: string;
  /** The metric that would fill it. */
  metric: string;
  reason: string;
}

/**
 * Queries that have no data while all is well. At most one panel in twenty; one that has data after
 * all must leave the list.
 */
export const EMPTY_PANELS: readonly EmptyPanel[] = [];

/**
 * Metrics that panels and rules ask for and that a stack in good health does not have, with when
 * they come. Counters with a label for the reason are born with the first event.
 */
export const METRICS_LATER: Readonly<Record<string, string>> = {
  otelcol_exporter_enqueue_failed_spans_total: "a copy's queue is full",
  otelcol_exporter_enqueue_failed_log_records_total: "a copy's queue is full",
  otelcol_exporter_enqueue_failed_metric_points_total: "a copy's queue is full",
  otelcol_processor_memory_limiter_refused_spans_total: "the collector is over its memory",
  otelcol_processor_memory_limiter_refused_log_records_total: "the collector is over its memory",
  otelcol_processor_memory_limiter_refused_metric_points_total: "the collector is over its memory",
  tempo_discarded_spans_total: "a trace is too large, or the intake is over its limit",
  tempodb_blocklist_length: "five minutes after the start, with the first poll that finds a block",
  tempodb_backend_bytes_total: "as tempodb_blocklist_length",
  tempodb_blocklist_poll_errors_total: "the storage cannot be listed",
  tempo_backend_scheduler_jobs_failed_total: "a compaction fails",
  loki_ingester_chunk_stored_bytes_total: "the first chunk is written, after tuning.loki.chunkIdle",
  loki_ingester_wal_corruptions_total: "the write-ahead log is damaged when Loki starts",
  grafana_http_request_duration_seconds_count: "Grafana runs, which these tests cannot start",
  search_latency_ms: "an application reports one number in place of a histogram",
};

/** Selectors that find nothing in good health though their metric and its labels are there. */
export const SELECTORS_LATER: readonly { pattern: RegExp; when: string }[] = [
  {
    pattern: /^otelcol_exporter_send_failed_\w+_total\{job="collector"/,
    when: "a destination refuses for good what the collector sends",
  },
  { pattern: /status(_code)?=~"5\.\."/, when: "an answer is an error of the server" },
  { pattern: /,code=~"\[45\]\.\."/, when: "Prometheus refuses what is pushed" },
  { pattern: /^up\{job!~/, when: "there are scrape targets outside the stack" },
];
