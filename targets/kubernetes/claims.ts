import type { input as inputs } from "@pulumi/kubernetes/types";
import type { Workload } from "../workload";
import { labelsOf, placementOf, replicaName, type Cluster } from "./cluster";

/** Name of the claim of the data, in the StatefulSet's templates. */
export const DATA = "data";

/** What the claims of a Workload ask for. */
export interface ClaimSpec {
  /** Bytes. */
  size: number;
  /** Default: the cluster's own class. */
  storageClass?: string;
}

/** What the claims of a Workload are to ask for; undefined of one that the options know none of. */
export function claimSpecOf(cluster: Cluster, name: string): ClaimSpec | undefined {
  const size = (cluster.options.volumes as Partial<Record<string, number>>)[name];
  return size === undefined
    ? undefined
    : { size, storageClass: placementOf(cluster, name).storageClass };
}

function resourcesOf(cluster: Cluster, name: string) {
  const { size = 0 } = claimSpecOf(cluster, name) ?? {};
  return { requests: { storage: `${Math.ceil(size / 2 ** 20)}Mi` } };
}

/** Template of the claims of a Workload's pods. It has all labels: by them what stays is found. */
export function claimTemplate(
  cluster: Cluster,
  name: string,
): inputs.core.v1.PersistentVolumeClaim {
  const storageClass = claimSpecOf(cluster, name)?.storageClass;
  return {
    metadata: { name: DATA, labels: labelsOf(cluster, name) },
    spec: {
      accessModes: ["ReadWriteOnce"],
      ...(storageClass !== undefined && { storageClassName: storageClass }),
      resources: resourcesOf(cluster, name),
    },
  };
}

/** The size of each claim that the template made: a template of other sizes changes none of them. */
export function claimSizes(cluster: Cluster, { name, replicas = 1 }: Workload) {
  return Array.from({ length: replicas }, (_, index) => ({
    metadata: {
      name: `${DATA}-${replicaName(name, index)}`,
      namespace: cluster.namespace,
      annotations: {
        // The cluster's own controllers have written it before.
        "pulumi.com/patchForce": "true",
        // A claim that takes a size takes it at once, whenever the volume follows.
        "pulumi.com/skipAwait": "true",
      },
    },
    spec: { resources: resourcesOf(cluster, name) },
  }));
}
