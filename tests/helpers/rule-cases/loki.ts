import { counted, failing, startOf, type RuleCases } from "./situations";

/** Alerts on Loki. */
export const loki: Record<string, RuleCases> = {
  LokiDiscardsLines: counted(['loki_discarded_samples_total{reason="rate_limited"}']),
  LokiWalDiskFull: counted(["loki_ingester_wal_disk_full_failures_total"]),
  LokiWalCorrupt: counted(['loki_ingester_wal_corruptions_total{type="segment"}'], { window: 60 }),
  LokiFlushFails: counted(["loki_ingester_chunks_flush_failures_total"], { window: 15, wait: 5 }),
  ...Object.fromEntries(
    [
      [
        "LokiCompactionFails",
        "loki_boltdb_shipper_compact_tables_operation_last_successful_run_timestamp_seconds",
      ],
      [
        "LokiRetentionStalls",
        "loki_compactor_apply_retention_last_successful_run_timestamp_seconds",
      ],
    ].map(([alert, metric]): [string, RuleCases] => [
      alert,
      {
        fires: [
          {
            what: "the last success is long ago",
            series: { [`${metric}{job="loki"}`]: "300x900", [startOf("loki")]: "0x900" },
            at: "3h20m",
            labels: { service: "loki" },
          },
          {
            what: "there was no success at all",
            series: { [`${metric}{job="loki"}`]: "0x900", [startOf("loki")]: "0x900" },
            at: "3h20m",
          },
        ],
        silent: [
          {
            what: "it succeeds",
            series: { [`${metric}{job="loki"}`]: "0+15x900", [startOf("loki")]: "0x900" },
            at: "3h20m",
          },
          {
            what: "just started",
            series: { [`${metric}{job="loki"}`]: "0x900", [startOf("loki")]: "9000x900" },
            at: "3h20m",
          },
        ],
      },
    ]),
  ),
  LokiRequestsFail: failing(
    "loki_request_duration_seconds_count",
    '{job="loki",status_code="STATUS"}',
    5,
  ),
  LokiPanics: counted(["loki_panic_total"]),
};
