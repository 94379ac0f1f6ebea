import type { StackConfig } from "../../config/parse";
import { failedShare, grew, runsLonger } from "../prometheus/expressions";
import type { AlertRule, RuleGroup } from "../prometheus/rule-group";

const service = "loki";
const OWN = `{job="${service}"}`;

/** Seconds after which a task of every 10 minutes is missed. */
const OVERDUE = 3 * 3600;

/** Since when a task has not succeeded, where Loki had the time for it. */
const overdue = (lastSuccess: string) =>
  `time() - max(${lastSuccess}${OWN}) > ${OVERDUE} and ${runsLonger(service, OVERDUE)}`;

const INTAKE: AlertRule[] = [
  {
    alert: "LokiDiscardsLines",
    expr: `sum by (reason) ${grew("loki_discarded_samples_total")}`,
    labels: { severity: "critical" },
    annotations: {
      summary: "Loki discarded {{ $value | humanize }} log lines: {{ $labels.reason }}",
      description:
        "rate_limited: raise `capacity.logLinesPerSecond`. line_too_long: raise " +
        "`tuning.loki.maxLineSize`.",
    },
    when: "log lines were discarded in the last 5 minutes",
    options: ["capacity.logLinesPerSecond", "tuning.loki.maxLineSize"],
  },
  {
    alert: "LokiWalDiskFull",
    expr: `sum(${grew("loki_ingester_wal_disk_full_failures_total")})`,
    labels: { severity: "critical" },
    annotations: {
      summary: "Loki's disk is full: {{ $value | humanize }} writes to its write-ahead log failed",
      description: "It still takes logs, but what it holds in memory is lost at its next end.",
    },
    when: "writes to the write-ahead log failed for lack of room in the last 5 minutes",
  },
  {
    alert: "LokiWalCorrupt",
    expr: `sum(${grew("loki_ingester_wal_corruptions_total", "1h")})`,
    labels: { severity: "critical" },
    annotations: {
      summary: "Loki found {{ $value | humanize }} damaged parts in its write-ahead log",
      description: "Log lines that were in no chunk yet may be lost. Look at the disk.",
    },
    when: "damage was found in the write-ahead log within an hour",
  },
  {
    alert: "LokiFlushFails",
    expr: `sum(${grew("loki_ingester_chunks_flush_failures_total", "15m")})`,
    forSeconds: 300,
    labels: { severity: "warning", service },
    annotations: {
      summary: "Loki could not write {{ $value | humanize }} chunks",
      description: "They stay in memory. Its disk is full, or S3 refuses: its log has the error.",
    },
    when: "chunks could not be written in the last 15 minutes",
  },
];

const UPKEEP: AlertRule[] = [
  {
    alert: "LokiCompactionFails",
    expr: overdue(
      "loki_boltdb_shipper_compact_tables_operation_last_successful_run_timestamp_seconds",
    ),
    forSeconds: 300,
    labels: { severity: "warning", service },
    annotations: {
      summary: "Loki has not compacted its index for {{ $value | humanizeDuration }}",
      description:
        "It should every 10 minutes. Queries become slow, and nothing old is deleted. Loki's log " +
        "has the error, with `compactor`.",
    },
    when: "no successful compaction for 3 hours, while Loki runs that long",
  },
  {
    alert: "LokiRetentionStalls",
    expr: overdue("loki_compactor_apply_retention_last_successful_run_timestamp_seconds"),
    forSeconds: 300,
    labels: { severity: "warning", service },
    annotations: {
      summary: "Loki has deleted no old logs for {{ $value | humanizeDuration }}",
      description:
        "What is older than `retention.logs` stays, and the disk fills. Loki's log has the " +
        "error, with `compactor`.",
    },
    when: "no successful run of retention for 3 hours, while Loki runs that long",
  },
];

/** Alerts of Loki, besides that of every scrape target. */
export function lokiRules(_config: StackConfig): RuleGroup[] {
  return [
    {
      name: "loki",
      source: "Loki's metrics",
      rules: [
        ...INTAKE,
        ...UPKEEP,
        {
          alert: "LokiRequestsFail",
          expr: `${failedShare("loki_request_duration_seconds_count", service, 'status_code=~"5.."')} > 0.05`,
          forSeconds: 300,
          labels: { severity: "warning", service },
          annotations: {
            summary: "{{ $value | humanizePercentage }} of Loki's answers are errors",
            description: "Logs wait in the collector's queue meanwhile: Loki's log has the error.",
          },
          when: "more than 5 % of the answers were errors for 5 minutes",
        },
        {
          alert: "LokiPanics",
          expr: `sum(${grew("loki_panic_total")})`,
          labels: { severity: "warning", service },
          annotations: {
            summary: "Loki panicked {{ $value | humanize }} times",
            description: "A request made it fail: Loki's log has the stack.",
          },
          when: "a request made Loki panic in the last 5 minutes",
        },
      ],
    },
  ];
}
