import { labelsOf, type Cluster } from "./cluster";
import { denyAll } from "./network-policies";
import type { Kinds, KubernetesObject } from "./objects";

const MODES = ["enforce", "audit", "warn"];

function namespace(cluster: Cluster): Kinds["Namespace"] {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name: cluster.namespace,
      labels: {
        ...labelsOf(cluster, cluster.namespace),
        ...Object.fromEntries(
          MODES.map((mode) => [`pod-security.kubernetes.io/${mode}`, "restricted"]),
        ),
      },
    },
  };
}

/** What the Workloads of a stack live in. */
export const namespaceObjects = (cluster: Cluster): KubernetesObject[] => [
  namespace(cluster),
  denyAll(cluster),
];
