/** A collector component's settings, or a whole section of them, by its id. */
export type Settings = Record<string, unknown>;

/** Ids of components that more than one file speaks of. */
export const IDS = {
  memoryLimiter: "memory_limiter",
  resource: "resource",
  tailSampling: "tail_sampling",
  healthFilter: "filter/health_checks",
  spanMetrics: "span_metrics",
  exemplarMetrics: "span_metrics/exemplars",
  serviceGraph: "service_graph",
  stored: "forward/stored",
  copies: "forward/copies",
  detach: "batch/detach",
  own: "otlp/own",
  host: "host_metrics",
  hostIdentity: "resource/host",
  queue: "file_storage/queue",
  health: "health_check",
} as const;
