import { limitsOf } from "../../config/capacity";
import { RULES_CONFIG } from "./rules";

/** Series at their values every 15 s, in promtool's notation, and the time at which to look. */
export interface Situation {
  /** What it is, where an alert has several. */
  what?: string;
  series: Record<string, string>;
  /** Time after the first value. */
  at: string;
  /** Labels that it must carry when it fires, besides those that stand in the rule. */
  labels?: Record<string, string>;
}

export interface RuleCases {
  fires: Situation[];
  /** Empty for what always fires. */
  silent: Situation[];
}

const one = (situation: Situation): Situation[] => [situation];

interface Growth {
  /** Minutes that the alert looks back. */
  window?: number;
  /** Minutes that it waits before it fires. */
  wait?: number;
  labels?: Record<string, string>;
}

const samples = (minutes: number) => Math.round(minutes * 4);

/** A counter that stood still for longer than the alert looks back, and then grew once. */
const grows = (series: string, { window = 5, wait = 1, labels }: Growth = {}): Situation => ({
  what: series,
  series: { [series]: `0x${samples(window + 2)} 7x${samples(window)}` },
  at: `${window + 3 + wait}m`,
  labels,
});
/** One that is not there before it counts, as counters with a label for the reason are. */
const isBorn = (series: string, { window = 5, wait = 1, labels }: Growth = {}): Situation => ({
  what: `${series}, new`,
  series: { [series]: `_x${samples(window + 2)} 7x${samples(window)}` },
  at: `${window + 3 + wait}m`,
  labels,
});
/** One that counted something long ago, and nothing since. */
const stands = (series: string, { window = 5, wait = 1 }: Growth = {}): Situation => ({
  what: `${series}, long ago`,
  series: { [series]: `7x${samples(2 * window + 10)}` },
  at: `${window + 5 + wait}m`,
});
/** The cases of an alert on any growth of some counters. */
const counted = (series: readonly string[], growth?: Growth): RuleCases => ({
  fires: series.flatMap((one) => [grows(one, growth), isBorn(one, growth)]),
  silent: series.map((one) => stands(one, growth)),
});

const holds = (series: string, value: number | string, at: string): Situation => ({
  series: { [series]: `${value}x1000` },
  at,
});

const calls = (labels: string) =>
  `traces_spanmetrics_calls_total{service_name="shop",span_kind="SPAN_KIND_SERVER",${labels}}`;
const bucket = (le: string) =>
  `traces_spanmetrics_duration_seconds_bucket{service_name="shop",span_kind="SPAN_KIND_SERVER",le="${le}"}`;
const STARTED = (job: string) => `process_start_time_seconds{job="${job}"}`;

/** Share of requests that failed, as two counters. */
const answers = (metric: string, label: string, failed: number): Record<string, string> => ({
  [`${metric}${label.replace("STATUS", "500")}`]: `0+${failed}x100`,
  [`${metric}${label.replace("STATUS", "200")}`]: `0+${100 - failed}x100`,
});
const failing = (metric: string, label: string, most: number): RuleCases => ({
  fires: one({ series: answers(metric, label, most + 5), at: "15m" }),
  silent: one({ series: answers(metric, label, most - 1), at: "15m" }),
});

const sent = (exporter: string, kind = "sent") =>
  `otelcol_exporter_${kind}_spans_total{job="collector",exporter="${exporter}"}`;
const queue = (what: string) =>
  `otelcol_exporter_queue_${what}{job="collector",exporter="otlp_grpc/tempo",data_type="traces"}`;

/** A disk of 100 GB. */
const disk = (used: string, free: string) => ({
  'system_filesystem_usage_bytes{job="collector",mountpoint="/data",state="used"}': used,
  'system_filesystem_usage_bytes{job="collector",mountpoint="/data",state="free"}': free,
  'system_filesystem_usage_bytes{job="collector",mountpoint="/data",state="reserved"}': "5e9x1000",
});

const certificate = (name: string, kind: string, seconds: number): Situation => ({
  what: `${kind} ${name}`,
  series: {
    [`tracekeep:certificate_not_after:timestamp_seconds{certificate="${name}",kind="${kind}"}`]: `${seconds}x40`,
  },
  at: "5m",
  labels: { certificate: name },
});
const DAY = 86_400;

const TEMPO_LIMIT = limitsOf(RULES_CONFIG, "tempo").memory;

/** For each rule, by `ruleId`: what makes it fire, and what is close to it and does not. */
export const RULE_CASES: Record<string, RuleCases> = {
  ServiceLatencyHigh: {
    fires: one({
      series: { [bucket("1")]: "0+90x40", [bucket("2")]: "0+100x40", [bucket("+Inf")]: "0+100x40" },
      at: "5m",
      labels: { service_name: "shop" },
    }),
    silent: one({
      series: { [bucket("1")]: "0+96x40", [bucket("2")]: "0+100x40", [bucket("+Inf")]: "0+100x40" },
      at: "5m",
    }),
  },
  ServiceErrorRateHigh: {
    fires: one({
      series: {
        [calls('status_code="STATUS_CODE_ERROR"')]: "0+6x40",
        [calls('status_code="STATUS_CODE_UNSET"')]: "0+94x40",
      },
      at: "5m",
      labels: { service_name: "shop" },
    }),
    silent: one({
      series: {
        [calls('status_code="STATUS_CODE_ERROR"')]: "0+4x40",
        [calls('status_code="STATUS_CODE_UNSET"')]: "0+96x40",
      },
      at: "5m",
    }),
  },
  ServiceTrafficGone: {
    fires: [
      {
        what: "an hour of requests, then none",
        series: {
          [calls('span_name="GET /"')]: "0+1x240 240x80",
          [STARTED("prometheus")]: "0x400",
        },
        at: "75m",
        labels: { service: "shop", service_name: "shop" },
      },
      {
        what: "the counter is no longer there",
        series: { [calls('span_name="GET /"')]: "0+1x240", [STARTED("prometheus")]: "0x400" },
        at: "75m",
      },
    ],
    silent: [
      {
        what: "requests go on",
        series: { [calls('span_name="GET /"')]: "0+1x320", [STARTED("prometheus")]: "0x400" },
        at: "75m",
      },
      {
        what: "few requests before",
        series: {
          [calls('span_name="GET /"')]: "0x100 1x20 2x20 3x200",
          [STARTED("prometheus")]: "0x400",
        },
        at: "75m",
      },
      {
        what: "one operation went silent, another is new",
        series: {
          [calls('span_name="GET /"')]: "0+1x240 240x80",
          [calls('span_name="GET /v2"')]: "_x290 1x40",
          [STARTED("prometheus")]: "0x400",
        },
        at: "75m",
      },
      {
        what: "Prometheus was away",
        series: { [calls('span_name="GET /"')]: "0+1x240", [STARTED("prometheus")]: "4300x400" },
        at: "75m",
      },
    ],
  },
  ApplicationCpuHigh: {
    fires: one(holds('process_cpu_percent{job="shop"}', 81, "8m")),
    silent: one(holds('process_cpu_percent{job="shop"}', 79, "8m")),
  },
  ApplicationMemoryHigh: {
    fires: one(holds('process_memory_bytes{job="shop"}', 2.2e9, "8m")),
    silent: one(holds('process_memory_bytes{job="shop"}', 2.1e9, "8m")),
  },
  "TracingOverheadHigh cpu": {
    fires: one(holds('tracing_cpu_overhead_percent{job="shop"}', 5.5, "8m")),
    silent: one(holds('tracing_cpu_overhead_percent{job="shop"}', 4.5, "8m")),
  },
  "TracingOverheadHigh memory": {
    fires: one(holds('tracing_memory_overhead_bytes{job="shop"}', 1.4e8, "8m")),
    silent: one(holds('tracing_memory_overhead_bytes{job="shop"}', 1.3e8, "8m")),
  },
  TraceAnomaliesGrow: counted(['trace_anomalies_total{job="shop",type="latency"}'], {
    labels: { job: "shop", type: "latency" },
  }),
  TraceChecksFail: {
    fires: ["failure", "error"].flatMap((status) => {
      const series = `trace_alert_checks_total{job="shop",status="${status}"}`;
      const growth = { window: 15, labels: { job: "shop", status } };
      return [grows(series, growth), isBorn(series, growth)];
    }),
    silent: [
      grows('trace_alert_checks_total{job="shop",status="success"}', { window: 15 }),
      stands('trace_alert_checks_total{job="shop",status="error"}', { window: 15 }),
    ],
  },

  "TargetDown critical": {
    fires: one({
      series: { 'up{job="tempo",instance="tempo:3200"}': "1x10 0x40" },
      at: "6m",
      labels: { service: "tempo", job: "tempo" },
    }),
    silent: [
      { what: "an application", series: { 'up{job="shop",instance="s:1"}': "0x40" }, at: "6m" },
      { what: "it is up", series: { 'up{job="tempo",instance="tempo:3200"}': "1x40" }, at: "6m" },
    ],
  },
  "TargetDown warning": {
    fires: one({
      series: { 'up{job="shop",instance="s:1"}': "0x40" },
      at: "6m",
      labels: { service: "shop" },
    }),
    silent: one({ series: { 'up{job="tempo",instance="tempo:3200"}': "0x40" }, at: "6m" }),
  },
  ...Object.fromEntries(
    [
      ["collector", "jaeger"],
      ["jaeger", "collector"],
      ["log-agent", "collector"],
    ].map(([job, other]): [string, RuleCases] => [
      `PushedMetricsAbsent ${job}`,
      {
        fires: one({
          series: {
            [`target_info{job="${job}"}`]: "1x10",
            [`target_info{job="${other}"}`]: "1x60",
          },
          at: "9m",
          labels: { service: job },
        }),
        silent: one({ series: { [`target_info{job="${job}"}`]: "1x60" }, at: "9m" }),
      },
    ]),
  ),

  CollectorPushesBack: {
    fires: ["spans", "log_records", "metric_points"].flatMap((signal) =>
      ["refused", "failed"].flatMap(
        (kind) =>
          counted([`otelcol_receiver_${kind}_${signal}_total{job="collector",receiver="otlp"}`], {
            labels: { receiver: "otlp" },
          }).fires,
      ),
    ),
    silent: [
      grows('otelcol_receiver_refused_spans_total{job="jaeger",receiver="otlp"}'),
      stands('otelcol_receiver_refused_spans_total{job="collector",receiver="otlp"}'),
      stands('otelcol_receiver_failed_metric_points_total{job="collector",receiver="otlp"}'),
    ],
  },
  CollectorExportStalls: {
    fires: one({
      series: { [queue("size")]: "0x10 5000x50", [sent("otlp_grpc/tempo")]: "100x60" },
      at: "8m",
      labels: { service: "tempo", exporter: "otlp_grpc/tempo" },
    }),
    silent: [
      {
        what: "it delivers",
        series: { [queue("size")]: "5000x60", [sent("otlp_grpc/tempo")]: "0+10x60" },
        at: "8m",
      },
      {
        what: "it delivers metrics",
        series: {
          'otelcol_exporter_queue_size{job="collector",exporter="otlp_http/prometheus"}': "9x60",
          'otelcol_exporter_sent_metric_points_total{job="collector",exporter="otlp_http/prometheus"}':
            "0+10x60",
        },
        at: "8m",
      },
      {
        what: "it delivers logs",
        series: {
          'otelcol_exporter_queue_size{job="collector",exporter="otlp_http/loki"}': "9x60",
          'otelcol_exporter_sent_log_records_total{job="collector",exporter="otlp_http/loki"}':
            "0+10x60",
        },
        at: "8m",
      },
      {
        what: "nothing waits",
        series: { [queue("size")]: "0x60", [sent("otlp_grpc/tempo")]: "100x60" },
        at: "8m",
      },
    ],
  },
  CollectorQueueFills: {
    fires: one({
      series: { [queue("size")]: "600x60", [queue("capacity")]: "1000x60" },
      at: "5m",
      labels: { service: "tempo" },
    }),
    silent: one({
      series: { [queue("size")]: "400x60", [queue("capacity")]: "1000x60" },
      at: "5m",
    }),
  },
  CollectorLosesData: {
    fires: ["spans", "log_records", "metric_points"].flatMap(
      (signal) =>
        counted([
          `otelcol_exporter_send_failed_${signal}_total{job="collector",exporter="otlp_http/loki"}`,
        ]).fires,
    ),
    silent: [
      grows(sent("otlp_grpc/jaeger", "send_failed")),
      stands(sent("otlp_http/loki", "send_failed")),
    ],
  },
  CollectorDropsCopies: {
    fires: [
      ...counted([sent("otlp_grpc/jaeger", "enqueue_failed")], { labels: { service: "jaeger" } })
        .fires,
      ...counted([sent("otlp_http/vendor", "send_failed")], { labels: { service: "vendor" } })
        .fires,
      ...["log_records", "metric_points"].flatMap(
        (signal) =>
          counted([
            `otelcol_exporter_enqueue_failed_${signal}_total{job="collector",exporter="otlp_http/vendor"}`,
            `otelcol_exporter_send_failed_${signal}_total{job="collector",exporter="otlp_http/vendor"}`,
          ]).fires,
      ),
    ],
    silent: [
      grows(sent("otlp_grpc/tempo", "enqueue_failed")),
      stands(sent("otlp_http/vendor", "send_failed")),
    ],
  },

  TempoReceivesLess: {
    fires: [
      {
        what: "a part",
        series: {
          [sent("otlp_grpc/tempo")]: "0+100x200",
          'tempo_distributor_spans_received_total{job="tempo"}': "0+94x200",
          'up{job="tempo"}': "1x200",
        },
        at: "40m",
        labels: { service: "tempo" },
      },
      {
        what: "all of them",
        series: { [sent("otlp_grpc/tempo")]: "0+100x200", 'up{job="tempo"}': "1x200" },
        at: "40m",
      },
    ],
    silent: [
      {
        what: "nearly none is missing",
        series: {
          [sent("otlp_grpc/tempo")]: "0+100x200",
          'tempo_distributor_spans_received_total{job="tempo"}': "0+96x200",
          'up{job="tempo"}': "1x200",
        },
        at: "40m",
      },
      {
        what: "Tempo is down",
        series: { [sent("otlp_grpc/tempo")]: "0+100x200", 'up{job="tempo"}': "0x200" },
        at: "40m",
      },
      {
        what: "nothing is sent",
        series: { [sent("otlp_grpc/tempo")]: "100x200", 'up{job="tempo"}': "1x200" },
        at: "40m",
      },
    ],
  },
  TempoDoesNotStore: {
    fires: [
      {
        what: "a part",
        series: {
          'tempo_distributor_bytes_received_total{job="tempo"}': "0+1000x100",
          'tempo_live_store_bytes_received_total{job="tempo",data_type="trace"}': "0+940x100",
        },
        at: "15m",
        labels: { service: "tempo" },
      },
      {
        what: "nothing",
        series: { 'tempo_distributor_bytes_received_total{job="tempo"}': "0+1000x100" },
        at: "15m",
      },
    ],
    silent: one({
      series: {
        'tempo_distributor_bytes_received_total{job="tempo"}': "0+1000x100",
        'tempo_live_store_bytes_received_total{job="tempo",data_type="trace"}': "0+960x100",
      },
      at: "15m",
    }),
  },
  TempoDiscardsSpans: counted(['tempo_discarded_spans_total{reason="trace_too_large"}'], {
    labels: { reason: "trace_too_large" },
  }),
  TempoRefusesSpans: counted(['tempo_receiver_refused_spans{receiver="otlp",transport="grpc"}']),
  TempoBlocksFail: counted(
    [
      "tempo_live_store_failed_completions_total",
      "tempo_live_store_local_failed_flushes_total",
      'tempodb_blocklist_poll_errors_total{tenant="single-tenant"}',
      "tempodb_retention_errors_total",
    ],
    { window: 30, wait: 5 },
  ),
  TempoCompactionFails: counted(
    [
      "tempodb_compaction_errors_total",
      'tempo_backend_scheduler_jobs_failed_total{job_type="JOB_TYPE_COMPACTION"}',
    ],
    { window: 30, wait: 5 },
  ),
  TempoRetentionStalls: {
    fires: [
      {
        what: "no run for hours",
        series: {
          'tempodb_blocklist_length{job="tempo"}': "5x900",
          'tempodb_retention_duration_seconds_count{job="tempo"}': "4x900",
          [STARTED("tempo")]: "0x900",
        },
        at: "3h20m",
        labels: { service: "tempo" },
      },
    ],
    silent: [
      {
        what: "a run every hour",
        series: {
          'tempodb_blocklist_length{job="tempo"}': "5x900",
          'tempodb_retention_duration_seconds_count{job="tempo"}': "0x240 1x240 2x240 3x180",
          [STARTED("tempo")]: "0x900",
        },
        at: "3h20m",
      },
      {
        what: "no blocks",
        series: {
          'tempodb_blocklist_length{job="tempo"}': "0x900",
          'tempodb_retention_duration_seconds_count{job="tempo"}': "0x900",
          [STARTED("tempo")]: "0x900",
        },
        at: "3h20m",
      },
      {
        what: "just started",
        series: {
          'tempodb_blocklist_length{job="tempo"}': "5x900",
          'tempodb_retention_duration_seconds_count{job="tempo"}': "0x900",
          [STARTED("tempo")]: "9000x900",
        },
        at: "3h20m",
      },
    ],
  },
  TempoRequestsFail: failing(
    "tempo_request_duration_seconds_count",
    '{job="tempo",status_code="STATUS"}',
    5,
  ),

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
            series: { [`${metric}{job="loki"}`]: "300x900", [STARTED("loki")]: "0x900" },
            at: "3h20m",
            labels: { service: "loki" },
          },
          {
            what: "there was no success at all",
            series: { [`${metric}{job="loki"}`]: "0x900", [STARTED("loki")]: "0x900" },
            at: "3h20m",
          },
        ],
        silent: [
          {
            what: "it succeeds",
            series: { [`${metric}{job="loki"}`]: "0+15x900", [STARTED("loki")]: "0x900" },
            at: "3h20m",
          },
          {
            what: "just started",
            series: { [`${metric}{job="loki"}`]: "0x900", [STARTED("loki")]: "9000x900" },
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

  PrometheusRefusesPushes: {
    fires: counted(
      ["400", "503"].map(
        (code) =>
          `prometheus_http_requests_total{handler="/api/v1/otlp/v1/metrics",code="${code}"}`,
      ),
    ).fires,
    silent: [
      grows('prometheus_http_requests_total{handler="/api/v1/otlp/v1/metrics",code="200"}'),
      grows('prometheus_http_requests_total{handler="/api/v1/query",code="400"}'),
      stands('prometheus_http_requests_total{handler="/api/v1/otlp/v1/metrics",code="400"}'),
    ],
  },
  PrometheusSamplesTooOld: counted(
    ["too_old", "out_of_bound"].map(
      (kind) => `prometheus_tsdb_${kind}_samples_total{type="float"}`,
    ),
    { window: 10 },
  ),
  PrometheusCompactionFails: counted(
    ["compactions_failed", "head_truncations_failed", "checkpoint_creations_failed"].map(
      (kind) => `prometheus_tsdb_${kind}_total`,
    ),
    { window: 30 },
  ),
  PrometheusWalCorrupt: counted(
    ["wal", "mmap_chunk"].map((kind) => `prometheus_tsdb_${kind}_corruptions_total`),
    { window: 60 },
  ),
  PrometheusRuleFailures: {
    fires: one({
      series: { 'prometheus_rule_evaluation_failures_total{rule_group="r.yml;tempo"}': "0+1x60" },
      at: "12m",
    }),
    silent: one(stands('prometheus_rule_evaluation_failures_total{rule_group="r.yml;tempo"}')),
  },
  PrometheusReloadFails: {
    fires: one(holds("prometheus_config_last_reload_successful", 0, "5m")),
    silent: one(holds("prometheus_config_last_reload_successful", 1, "5m")),
  },
  PrometheusNotificationsDropped: counted([
    'prometheus_notifications_dropped_total{alertmanager="a:9093"}',
  ]),
  Watchdog: { fires: one({ series: {}, at: "1m" }), silent: [] },

  MemoryNearLimit: {
    fires: one({
      ...holds('process_resident_memory_bytes{job="tempo"}', Math.round(0.92 * TEMPO_LIMIT), "8m"),
      labels: { job: "tempo" },
    }),
    silent: one(
      holds('process_resident_memory_bytes{job="tempo"}', Math.round(0.88 * TEMPO_LIMIT), "8m"),
    ),
  },
  ServiceRestarts: {
    fires: one({
      series: { [STARTED("tempo")]: "0x40 600x40 1200x40 1800x40" },
      at: "40m",
      labels: { job: "tempo" },
    }),
    silent: one({ series: { [STARTED("tempo")]: "0x40 600x40 1200x80" }, at: "40m" }),
  },
  "DiskFills warning": {
    fires: one({ series: disk("82e9x40", "18e9x40"), at: "5m", labels: { mountpoint: "/data" } }),
    silent: [
      { what: "room", series: disk("78e9x40", "22e9x40"), at: "5m" },
      { what: "critical", series: disk("95e9x40", "5e9x40"), at: "5m" },
    ],
  },
  "DiskFills critical": {
    fires: one({ series: disk("92e9x40", "8e9x40"), at: "5m" }),
    silent: one({ series: disk("88e9x40", "12e9x40"), at: "5m" }),
  },
  DiskFullSoon: {
    fires: one({ series: disk("60e9+1e7x900", "40e9-1e7x900"), at: "3h20m" }),
    silent: [
      { what: "slowly", series: disk("60e9+1e6x900", "40e9-1e6x900"), at: "3h20m" },
      { what: "much room", series: disk("20e9+2e7x900", "80e9-2e7x900"), at: "3h20m" },
    ],
  },
  "CertificateEnds warning": {
    fires: [
      certificate("tempo", "leaf", 14 * DAY),
      certificate("tracekeep services", "issuer", 89 * DAY),
    ],
    silent: [
      certificate("tempo", "leaf", 16 * DAY),
      certificate("tempo", "leaf", 2 * DAY),
      certificate("tracekeep services", "issuer", 91 * DAY),
    ],
  },
  "CertificateEnds critical": {
    fires: [certificate("tempo", "leaf", 2 * DAY), certificate("own root", "root", 29 * DAY)],
    silent: [
      certificate("tempo", "leaf", 4 * DAY),
      certificate("tempo", "leaf", 200),
      certificate("own root", "root", 31 * DAY),
    ],
  },
  CertificateExpired: {
    fires: one(certificate("tempo", "leaf", 200)),
    silent: one(certificate("tempo", "leaf", 400)),
  },
  CertificateEndsUnknown: {
    fires: one({ series: {}, at: "8m" }),
    silent: one({ ...certificate("tempo", "leaf", 90 * DAY), at: "8m" }),
  },

  JaegerSpansLost: {
    fires: [
      'otelcol_exporter_send_failed_spans_total{job="jaeger",exporter="jaeger_storage_exporter"}',
      'otelcol_receiver_refused_spans_total{job="jaeger",receiver="otlp"}',
    ].map((series) => ({ what: series, series: { [series]: "0+1x60" }, at: "12m" })),
    silent: one({
      series: { [sent("otlp_grpc/jaeger", "send_failed")]: "0+1x60" },
      at: "12m",
    }),
  },

  QdrantRecoveryMode: {
    fires: one(holds('app_status_recovery_mode{job="qdrant"}', 1, "5m")),
    silent: one(holds('app_status_recovery_mode{job="qdrant"}', 0, "5m")),
  },
  QdrantReplicasDead: {
    fires: one(holds('collection_dead_replicas{job="qdrant"}', 1, "8m")),
    silent: one(holds('collection_dead_replicas{job="qdrant"}', 0, "8m")),
  },
  QdrantOptimisationsStuck: {
    fires: one({
      ...holds('collection_running_optimizations{job="qdrant",id="docs"}', 1, "2h10m"),
      labels: { id: "docs" },
    }),
    silent: [
      {
        what: "a pause",
        series: {
          'collection_running_optimizations{job="qdrant",id="docs"}': "1x300 0x4 1x300",
        },
        at: "2h10m",
      },
      {
        what: "an import of an hour",
        series: { 'collection_running_optimizations{job="qdrant",id="docs"}': "_x240 1x300" },
        at: "2h10m",
      },
    ],
  },
  QdrantUpdatesPile: {
    fires: one({
      ...holds('collection_update_queue_length{job="qdrant",id="docs"}', 1100, "15m"),
      labels: { id: "docs" },
    }),
    silent: one(holds('collection_update_queue_length{job="qdrant",id="docs"}', 900, "15m")),
  },
  QdrantRequestsFail: failing("rest_responses_total", '{job="qdrant",status="STATUS"}', 5),

  AlertDeliveryFails: counted(
    [
      'alertmanager_notifications_failed_total{receiver_name="chat",integration="webhook",reason="serverError"}',
    ],
    { wait: 2, labels: { receiver_name: "chat", reason: "serverError" } },
  ),
  GrafanaRequestsFail: failing(
    "grafana_http_request_duration_seconds_count",
    '{job="grafana",status_code="STATUS"}',
    10,
  ),
  ContainerLogsAbsent: {
    fires: [
      {
        what: "it read nothing",
        series: {
          'otelcol_receiver_accepted_log_records_total{job="log-agent"}': "100x200",
          'target_info{job="log-agent"}': "1x200",
        },
        at: "30m",
      },
      {
        what: "it never read anything",
        series: { 'target_info{job="log-agent"}': "1x200" },
        at: "30m",
      },
    ],
    silent: one({
      series: {
        'otelcol_receiver_accepted_log_records_total{job="log-agent"}': "0+5x200",
        'target_info{job="log-agent"}': "1x200",
      },
      at: "30m",
    }),
  },
  ContainerLogsLost: {
    fires: counted(['otelcol_exporter_send_failed_log_records_total{job="log-agent"}']).fires,
    silent: [
      grows('otelcol_exporter_send_failed_log_records_total{job="collector"}'),
      stands('otelcol_exporter_send_failed_log_records_total{job="log-agent"}'),
    ],
  },
};
