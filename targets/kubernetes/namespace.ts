import { labelsOf, type Cluster } from "./cluster";
import { denyAll } from "./network-policies";
import type { Kinds, KubernetesObject } from "./objects";

const MODES = ["enforce", "audit", "warn"];

function namespace(cluster: Cluster, level: "restricted" | "privileged"): Kinds["Namespace"] {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name: cluster.namespace,
      labels: {
        ...labelsOf(cluster, cluster.namespace),
        ...Object.fromEntries(MODES.map((mode) => [`pod-security.kubernetes.io/${mode}`, level])),
      },
    },
  };
}

/** What the Workloads of a stack live in. */
export const namespaceObjects = (cluster: Cluster): KubernetesObject[] => [
  namespace(cluster, "restricted"),
  denyAll(cluster),
];

/**
 * What the Workloads live in that see the nodes. Pod Security knows no level between that lets a
 * pod see a directory of its node and forbids it all else; the pods have the rest of `restricted`
 * but for their user.
 */
export const nodesObjects = (cluster: Cluster): KubernetesObject[] => [
  namespace(cluster, "privileged"),
  denyAll(cluster),
];
