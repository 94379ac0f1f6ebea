import { stringify } from "yaml";
import { REPLICA } from "../../targets/layout";

/** A collector component's settings, or a whole section of them, by its id. */
export type Settings = Record<string, unknown>;

/** The replica's own name, as a document refers to it. */
export const REPLICA_NAME = `\${env:${REPLICA.name}}`;

/** The text of a collector's document. */
export const documentText = (document: object): string =>
  stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })
    // "$" begins a reference to the environment; twice it is a dollar sign.
    .replaceAll("$", "$$$$")
    .replaceAll(`$${REPLICA_NAME}`, REPLICA_NAME);

/** Ids of components that more than one file speaks of. */
export const IDS = {
  memoryLimiter: "memory_limiter",
  resource: "resource",
  clocks: "transform/clocks",
  tailSampling: "tail_sampling",
  healthFilter: "filter/health_checks",
  spanMetrics: "span_metrics",
  exemplarMetrics: "span_metrics/exemplars",
  serviceGraph: "service_graph",
  stored: "forward/stored",
  copies: "forward/copies",
  detach: "batch/detach",
  replica: "attributes/replica",
  own: "otlp/own",
  host: "host_metrics",
  hostIdentity: "resource/host",
  queue: "file_storage/queue",
  health: "health_check",
} as const;
