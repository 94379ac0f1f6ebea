import type { Workload } from "../workload";
import { claimTemplate } from "./claims";
import { headlessName, labelsOf, selectorOf, type Cluster } from "./cluster";
import type { Kinds } from "./objects";
import { podOf } from "./pod";
import type { MountedNames } from "./volumes";

const metadata = (cluster: Cluster, { name }: Workload) => ({
  name,
  namespace: cluster.namespace,
  labels: labelsOf(cluster, name),
});

/** Seconds that a replica which is ready gets to take over what the others have. */
const CATCHING_UP = 20;

function statefulSet(
  cluster: Cluster,
  workload: Workload,
  names: MountedNames,
): Kinds["StatefulSet"] {
  const { name, replicas = 1 } = workload;
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: metadata(cluster, workload),
    spec: {
      serviceName: headlessName(name),
      replicas,
      // One that listens is not yet up to date with the others; the next is not taken away until then.
      ...(replicas > 1 && { minReadySeconds: CATCHING_UP }),
      podManagementPolicy: "Parallel",
      revisionHistoryLimit: 3,
      updateStrategy: { type: "RollingUpdate" },
      selector: { matchLabels: selectorOf(cluster, name) },
      template: podOf(cluster, workload, names),
      // The claims outlive the StatefulSet, as data volumes outlive `destroy`.
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
      volumeClaimTemplates: [claimTemplate(cluster, name)],
    },
  };
}

function deployment(
  cluster: Cluster,
  workload: Workload,
  names: MountedNames,
): Kinds["Deployment"] {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadata(cluster, workload),
    spec: {
      // Where an autoscaler decides, every `up` would take its decision back.
      ...(workload.autoscale === undefined && { replicas: workload.replicas ?? 1 }),
      revisionHistoryLimit: 3,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      selector: { matchLabels: selectorOf(cluster, workload.name) },
      template: podOf(cluster, workload, names),
    },
  };
}

function daemonSet(cluster: Cluster, workload: Workload, names: MountedNames): Kinds["DaemonSet"] {
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: metadata(cluster, workload),
    spec: {
      revisionHistoryLimit: 3,
      // Two on a node would write the same files.
      updateStrategy: {
        type: "RollingUpdate",
        rollingUpdate: { maxSurge: 0, maxUnavailable: "25%" },
      },
      selector: { matchLabels: selectorOf(cluster, workload.name) },
      template: podOf(cluster, workload, names),
    },
  };
}

/**
 * What runs a Workload's pods: a DaemonSet where one runs on every node, a StatefulSet where it
 * stores, else a Deployment.
 */
export function controllerOf(
  cluster: Cluster,
  workload: Workload,
  names: MountedNames,
): Kinds["DaemonSet"] | Kinds["StatefulSet"] | Kinds["Deployment"] {
  if (workload.perHost) return daemonSet(cluster, workload, names);
  return workload.storage
    ? statefulSet(cluster, workload, names)
    : deployment(cluster, workload, names);
}
