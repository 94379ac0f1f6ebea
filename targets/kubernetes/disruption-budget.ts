import type { Workload } from "../workload";
import { labelsOf, selectorOf, type Cluster } from "./cluster";
import type { Kinds } from "./objects";

/**
 * Of a Workload with replicas, one may be taken away at a time. Of a single pod there is no budget:
 * it would stop whoever drains the node for ever.
 */
export function disruptionBudgetsOf(
  cluster: Cluster,
  { name, replicas = 1 }: Workload,
): Kinds["PodDisruptionBudget"][] {
  if (replicas < 2) return [];
  return [
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name, namespace: cluster.namespace, labels: labelsOf(cluster, name) },
      spec: {
        maxUnavailable: 1,
        // One that is not ready yet is no reason to keep it on a node that goes.
        unhealthyPodEvictionPolicy: "AlwaysAllow",
        selector: { matchLabels: selectorOf(cluster, name) },
      },
    },
  ];
}
