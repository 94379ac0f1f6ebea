import * as o from "../types";

/** Seconds between two pushes of what is not scraped: spans' metrics, the host's, the pushers' own. */
export const PUSH_INTERVAL = 15;

export const tuning = o.section("Settings of services, for those who know why.", {
  collector: o.section("The collector.", {
    batchSize: o.size("A batch of this size is sent at once; at most 3.5Mi.").prefault("1Mi"),
    batchTimeout: o.duration("Longest wait for a batch to fill.").prefault("200ms"),
    exportersConcurrency: o.count("Requests in flight per exporter.").prefault(4),
    maxRequestSize: o.size("Largest request that the intake takes, unpacked.").prefault("4Mi"),
    fsync: o.flag("Whether each write of a queue is synced to disk.").prefault(false),
    cardinalityLimit: o.count("Most series of span metrics per metric.").prefault(10000),
    latencyBuckets: o
      .list("Bounds of the span duration histogram.", o.duration("A bound."))
      .prefault([
        "2ms",
        "5ms",
        "10ms",
        "25ms",
        "50ms",
        "100ms",
        "250ms",
        "500ms",
        "1s",
        "2s",
        "5s",
        "10s",
      ]),
  }),
  tempo: o.section("Tempo.", {
    maxBlockDuration: o
      .duration("Longest time that a block covers before it goes to the storage.")
      .prefault("1m"),
    maxBlockSize: o.size("Largest block before it is cut.").prefault("500Mi"),
    maxTraceSize: o.size("Largest trace; more of it is refused.").prefault("50Mi"),
    maxSearchDuration: o.duration("Longest time range of a search.").prefault("168h"),
    queryConcurrency: o.count("Jobs of a query at once.").prefault(20),
  }),
  loki: o.section("Loki.", {
    maxLineSize: o.size("Longest log line; what is longer is cut.").prefault("256Ki"),
    maxQueryDuration: o.duration("Longest time range of a query.").prefault("30d"),
    maxEntriesPerQuery: o.count("Most lines of an answer.").prefault(5000),
    chunkIdle: o.duration("A chunk without new lines is written after it.").prefault("30m"),
  }),
  prometheus: o.section("Prometheus.", {
    scrapeInterval: o.duration("Time between scrapes.").prefault("15s"),
  }),
});
