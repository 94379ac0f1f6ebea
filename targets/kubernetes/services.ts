import type { Workload } from "../workload";
import { headlessName, labelsOf, selectorOf, type Cluster } from "./cluster";
import type { Kinds } from "./objects";
import { portName } from "./pod";

/**
 * The engine would wait for an endpoint of each Service while the pod waits for its configuration;
 * what is awaited is the pod.
 */
export const NO_AWAIT = { "pulumi.com/skipAwait": "true" };

function service(
  cluster: Cluster,
  workload: Workload,
  name: string,
  spec: Record<string, unknown>,
): Kinds["Service"] {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name,
      namespace: cluster.namespace,
      labels: labelsOf(cluster, workload.name),
      annotations: NO_AWAIT,
    },
    spec: {
      ...spec,
      selector: selectorOf(cluster, workload.name),
      ports: workload.ports.map(({ name: listener, number }) => ({
        name: portName(listener),
        port: number,
        targetPort: portName(listener),
        protocol: "TCP",
      })),
    },
  };
}

/** Services of a Workload: its short name, and the headless one that a StatefulSet needs. */
export function servicesOf(cluster: Cluster, workload: Workload): Kinds["Service"][] {
  const { name, ports, storage } = workload;
  if (ports.length === 0) return [];
  return [
    service(cluster, workload, name, { type: "ClusterIP" }),
    ...(storage === undefined
      ? []
      : [
          // A peer is found while it starts, or a cluster would never come together.
          service(cluster, workload, headlessName(name), {
            clusterIP: "None",
            publishNotReadyAddresses: true,
          }),
        ]),
  ];
}
