import type { Workload } from "../workload";
import { labelsOf, type Cluster } from "./cluster";
import type { Kinds } from "./objects";

/** What says how many of a Workload run, where that follows from what they have to do. */
export function autoscalersOf(
  cluster: Cluster,
  { name, autoscale, replicas = 1 }: Workload,
): Kinds["HorizontalPodAutoscaler"][] {
  if (autoscale === undefined) return [];
  return [
    {
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: { name, namespace: cluster.namespace, labels: labelsOf(cluster, name) },
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
        minReplicas: replicas,
        maxReplicas: autoscale.most,
        metrics: [
          {
            type: "Resource",
            resource: {
              name: "cpu",
              // Cores, not a share: that would be one of the request, which is less than it may take.
              target: {
                type: "AverageValue",
                averageValue: `${Math.round(autoscale.cpus * 1000)}m`,
              },
            },
          },
        ],
      },
    },
  ];
}
