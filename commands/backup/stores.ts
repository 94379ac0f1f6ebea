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
export const QUEUE: ServiceName = "collector";

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

/** Services that can keep their data in S3. */
export type KeepsObjects = "tempo" | "loki";

/** Services that do. */
export const servicesInS3 = ({ storage }: StackConfig): KeepsObjects[] =>
  (["tempo", "loki"] as const).filter((service) => storage[service].kind === "s3");

/** Name of the part with what a service keeps in S3. */
export const objectsOf = (service: KeepsObjects): string => `${service}-objects`;

/** Where a service's objects are, for people: `s3 s3.example.com:443/bucket/prefix`. */
export const bucketText = ({ endpoint, bucket, prefix }: StorageConfig): string =>
  `s3 ${[endpoint, bucket, prefix].filter(Boolean).join("/")}`;

/**
 * What of a stack's data is kept elsewhere: it is named, and not copied.
 *
 * @param parts names of what is copied all the same.
 */
export function references(config: StackConfig, parts: readonly string[] = []): Reference[] {
  const { storage, grafana } = config;
  const { database } = grafana;
  return [
    ...servicesInS3(config)
      .filter((service) => !parts.includes(objectsOf(service)))
      .map((service) => ({ service, at: bucketText(storage[service]) })),
    ...(grafana.enabled && database
      ? [{ service: "grafana", at: `postgresql ${database.host}/${database.name}` }]
      : []),
  ];
}
