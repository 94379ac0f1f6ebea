import type { Workload } from "../workload";
import { headlessName, labelsOf, selectorOf, type Cluster } from "./cluster";
import type { Kinds } from "./objects";
import { portName } from "./pod";

/**
 * The engine would wait for an endpoint of each Service while the pod waits for its configuration;
 * what is awaited is the pod.
 */
export const NO_AWAIT = { "pulumi.com/skipAwait": "true" };

/** What a Service leads to: pods by their Workload, at ports that they open. */
type Behind = Pick<Workload, "name" | "ports">;

/** What a Workload's own name leads to. */
export const behindName = (workload: Workload): Behind => workload.front ?? workload;

function service(
  cluster: Cluster,
  workload: Workload,
  name: string,
  behind: Behind,
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
      selector: selectorOf(cluster, behind.name),
      ports: behind.ports.map(({ name: listener, number }) => ({
        name: portName(listener),
        port: number,
        targetPort: portName(listener),
        protocol: "TCP",
      })),
    },
  };
}

/**
 * Services of a Workload: its short name, and a headless one where each of its pods is to be found:
 * those of a StatefulSet by a name of their own, all others by their addresses. What stands before it
 * in its pods has a name, too.
 */
export function servicesOf(cluster: Cluster, workload: Workload): Kinds["Service"][] {
  const { name, ports, storage, front, eachDialled = false, beside = [] } = workload;
  if (ports.length === 0) return [];
  return [
    service(cluster, workload, name, behindName(workload), { type: "ClusterIP" }),
    ...(storage === undefined && !eachDialled
      ? []
      : [
          service(cluster, workload, headlessName(name), workload, {
            clusterIP: "None",
            // A peer is found while it starts, or a cluster would never come together. A front asks
            // for who is ready to take something.
            publishNotReadyAddresses: front === undefined,
          }),
        ]),
    ...beside.map((other) =>
      service(cluster, workload, other.name, { name, ports: other.ports }, { type: "ClusterIP" }),
    ),
  ];
}

/** Addresses, `host:port`, of the listeners that Services lead to, by listener. */
export function addressesOf(cluster: Cluster, workload: Workload): Record<string, string> {
  const { name, ports, front } = workload;
  const at = (host: string, listeners: Behind["ports"]) =>
    listeners.map(({ name: listener, number }) => [
      listener,
      `${host}.${cluster.namespace}.svc:${number}`,
    ]);
  return Object.fromEntries(
    front === undefined
      ? at(name, ports)
      : [...at(name, front.ports), ...at(headlessName(name), ports)],
  ) as Record<string, string>;
}
