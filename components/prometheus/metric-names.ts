import type { ServiceName } from "../../config/services";

/**
 * Names of the series that alerts, dashboards and data sources ask for, in one place. Those of
 * spans come from the collector's connectors through Prometheus' OTLP intake; Tempo's generator and
 * older stacks call some of them differently.
 */
export const SPAN_METRICS = {
  /** Counter of spans. Labels: `SPAN_LABELS`. */
  calls: "traces_spanmetrics_calls_total",
  /** Histogram of span durations in seconds. */
  duration: "traces_spanmetrics_duration_seconds",
  durationBucket: "traces_spanmetrics_duration_seconds_bucket",
  /** Counter of the spans that are stored; there only while sampling or health checks drop some. */
  keptCalls: "traces_spanmetrics_exemplars_calls_total",
  /** Carries the exemplars while `keptCalls` is there; otherwise `durationBucket` does. */
  exemplarsBucket: "traces_spanmetrics_exemplars_duration_seconds_bucket",
  /** What Grafana's service map asks for in place of `durationBucket`; a recording rule has it. */
  grafanaDurationBucket: "traces_spanmetrics_latency_bucket",
} as const;

/** Edges of the service graph. Labels: `GRAPH_LABELS`. */
export const SERVICE_GRAPH = {
  requests: "traces_service_graph_request_total",
  /** There only once a request failed. */
  failed: "traces_service_graph_request_failed_total",
  clientSecondsBucket: "traces_service_graph_request_client_seconds_bucket",
  serverSecondsBucket: "traces_service_graph_request_server_seconds_bucket",
  /** What Grafana's service map has its mean durations from. */
  serverSecondsSum: "traces_service_graph_request_server_seconds_sum",
} as const;

/** Label of the environment, on whatever comes over OTLP and whatever is scraped. */
export const ENVIRONMENT_LABEL = "deployment_environment_name";

export const SPAN_LABELS = {
  service: "service_name",
  environment: ENVIRONMENT_LABEL,
  span: "span_name",
  kind: "span_kind",
  status: "status_code",
} as const;

export const GRAPH_LABELS = {
  client: "client",
  server: "server",
  clientEnvironment: `client_${ENVIRONMENT_LABEL}`,
  serverEnvironment: `server_${ENVIRONMENT_LABEL}`,
} as const;

/** Values of labels, as the connector writes them. */
export const SPAN_VALUES = {
  error: "STATUS_CODE_ERROR",
  /** Spans that answer somebody: what a service's rate, errors and durations are counted from. */
  entryKinds: ["SPAN_KIND_SERVER", "SPAN_KIND_CONSUMER"],
} as const;

/** Label of an exemplar that holds its trace. */
export const EXEMPLAR_TRACE_ID = "trace_id";

/** Series that rules of the stack record, one name over all services. Labels in brackets. */
export const RECORDED = {
  /** Configured limit, bytes [job]. */
  memoryLimit: "tracekeep:memory_limit:bytes",
  /** Memory that cannot be given back, bytes [job]. */
  memoryUsed: "tracekeep:memory_used:bytes",
  /** Cores [job]. */
  cpuUsed: "tracekeep:cpu_used:cores",
  /** Seconds since 1970 [job]. Qdrant does not tell. */
  processStart: "tracekeep:process_start_time:seconds",
  /** What a store has on its volume, bytes [store]. */
  storeUsed: "tracekeep:store_used:bytes",
  /** What a store writes to keep it, over the last 6 hours [store]. */
  storeWritten: "tracekeep:store_written:bytes_per_second",
  /** What a store may fill, bytes [store]; of those alone that have such a size. */
  storeBudget: "tracekeep:store_budget:bytes",
  /** How long a store keeps what it gets [store]; of those with a budget. */
  storeRetention: "tracekeep:store_retention:seconds",
  /** End of validity of what the stack issued, seconds since 1970 [certificate, kind]. */
  certificateEnd: "tracekeep:certificate_not_after:timestamp_seconds",
} as const;

/** Services that push their own metrics, with the `job` (their `service.name`) of the series. */
export const PUSHING_JOBS: Partial<Record<ServiceName, string>> = {
  collector: "collector",
  "collector-gateway": "collector-gateway",
  jaeger: "jaeger",
  "log-agent": "log-agent",
};

/** Every OTLP resource has one series of it, as long as it pushes. */
export const TARGET_INFO = "target_info";
