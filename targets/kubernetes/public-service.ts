import { balancerOf } from "../../config/entrances";
import type { Workload, WorkloadPort } from "../workload";
import { labelsOf, selectorOf, type Cluster } from "./cluster";
import type { Kinds } from "./objects";
import { portName } from "./pod";
import { behindName, NO_AWAIT } from "./services";

/** Name of the Service by which the world comes in, beside that which the stack itself dials. */
export const publicName = (name: string): string => `${name}-public`;

/** The Service behind routes, or that of a load balancer. */
export function publicService(
  cluster: Cluster,
  workload: Workload,
  ports: readonly { listener: WorkloadPort["name"]; port: number }[],
  annotations: Record<string, string>,
  spec: Record<string, unknown>,
): Kinds["Service"] {
  const { name } = workload;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: publicName(name),
      namespace: cluster.namespace,
      labels: labelsOf(cluster, name),
      annotations: { ...NO_AWAIT, ...annotations },
    },
    spec: {
      ...spec,
      selector: selectorOf(cluster, behindName(workload).name),
      ports: ports.map(({ listener, port }) => ({
        name: portName(listener),
        port,
        targetPort: portName(listener),
        protocol: "TCP",
      })),
    },
  };
}

/** The load balancer of a Workload, where the options ask for one. */
export function loadBalancersOf(cluster: Cluster, workload: Workload): Kinds["Service"][] {
  const balancer = balancerOf(cluster.options.loadBalancers, workload.name);
  if (balancer === undefined) return [];
  const ports = behindName(workload).ports.flatMap(({ name: listener, publish }) =>
    publish ? [{ listener, port: publish.port }] : [],
  );
  return [
    publicService(cluster, workload, ports, balancer.annotations, {
      type: "LoadBalancer",
      ...(balancer.class !== undefined && { loadBalancerClass: balancer.class }),
      loadBalancerSourceRanges: balancer.sourceRanges,
      // The pod then sees the client's own address, which is what its policy lets in.
      externalTrafficPolicy: "Local",
    }),
  ];
}
