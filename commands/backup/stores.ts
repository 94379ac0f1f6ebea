import { serviceWorkloads } from "../../components/stack/workloads";
import type { StackConfig } from "../../config/parse";
import type { StorageConfig } from "../../config/schema";
import type { ServiceName } from "../../config/services";
import type { Workload } from "../../targets/workload";
import { hostOf } from "../hosts";
import type { Reference } from "./manifest";

/**
 * Its queue is copied before every store, and in one moment: what it had acknowledged by then is in
 * the queue or in a store that is copied later. What is in both is one and the same to the stores.
 */
const QUEUE: ServiceName = "collector";

/**
 * Services whose data is copied while they stand still: what they keep is whole only then. What comes
 * meanwhile waits in the collector's queue; what Jaeger misses is in Tempo. First those that nobody
 * waits for.
 */
const COPIED: readonly ServiceName[] = [
  QUEUE,
  "alertmanager",
  "grafana",
  "jaeger",
  "loki",
  "tempo",
  "prometheus",
];

/** Workloads of a stack whose data volume is copied, in the order in which that is done. */
export function copiedWorkloads(config: StackConfig): Workload[] {
  const workloads = serviceWorkloads(config, hostOf(config));
  return COPIED.flatMap((service) =>
    workloads.filter(({ name, storage }) => name === service && storage !== undefined),
  );
}

/** Whether a service is frozen for its copy in place of stopped: its data must outlive any crash. */
export const isFrozen = ({ name }: Workload): boolean => name === QUEUE;

function bucketOf({ endpoint, bucket, prefix }: StorageConfig): string {
  return ["s3", `${[endpoint, bucket, prefix].filter(Boolean).join("/")}`].join(" ");
}

/** What of a stack's data is kept elsewhere: it is named, and not copied. */
export function references({ storage, grafana }: StackConfig): Reference[] {
  const { database } = grafana;
  return [
    ...(["tempo", "loki"] as const)
      .filter((service) => storage[service].kind === "s3")
      .map((service) => ({ service, at: bucketOf(storage[service]) })),
    ...(grafana.enabled && database
      ? [{ service: "grafana", at: `postgresql ${database.host}/${database.name}` }]
      : []),
  ];
}
