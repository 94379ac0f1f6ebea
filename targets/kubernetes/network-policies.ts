import type { input as inputs } from "@pulumi/kubernetes/types";
import type { Edge, Workload } from "../workload";
import { labelsOf, selectorOf, SENDER_LABEL, type Cluster } from "./cluster";
import type { Kinds } from "./objects";

type Peer = inputs.networking.v1.NetworkPolicyPeer;
type EgressRule = inputs.networking.v1.NetworkPolicyEgressRule;
type IngressRule = inputs.networking.v1.NetworkPolicyIngressRule;

const tcp = (port: number) => ({ protocol: "TCP", port });

/** Addresses of the cloud's own credentials; nothing of the stack asks there. */
const METADATA_ADDRESSES = ["169.254.0.0/16"];

const DNS: EgressRule = {
  to: [
    {
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
      podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
    },
  ],
  ports: [
    { protocol: "UDP", port: 53 },
    { protocol: "TCP", port: 53 },
  ],
};

/** Pods of an edge's other end. */
function peersOf(cluster: Cluster, peer: Edge["peer"]): Peer[] {
  switch (peer.kind) {
    case "workload":
      return [{ podSelector: { matchLabels: selectorOf(cluster, peer.name) } }];
    case "applications":
      // mTLS says who they are; this says that they meant to.
      return [
        {
          namespaceSelector: {},
          podSelector: { matchLabels: { [SENDER_LABEL]: cluster.stack } },
        },
      ];
    case "browsers":
      return cluster.options.browsersFrom.map((namespace) => ({
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
      }));
    case "outside":
      return [{ ipBlock: { cidr: "0.0.0.0/0", except: METADATA_ADDRESSES } }];
  }
}

/** One rule a peer, with the ports that it takes. A rule without a peer would mean everyone. */
function rules(cluster: Cluster, edges: readonly Edge[]): { peers: Peer[]; ports: number[] }[] {
  const grouped = new Map<string, { peers: Peer[]; ports: number[] }>();
  for (const { peer, port } of edges) {
    const peers = peersOf(cluster, peer);
    if (peers.length === 0) continue;
    const key = JSON.stringify(peers);
    const rule = grouped.get(key) ?? { peers, ports: [] };
    if (port !== undefined && !rule.ports.includes(port)) rule.ports.push(port);
    grouped.set(key, rule);
  }
  return [...grouped.values()].map(({ peers, ports }) => ({
    peers,
    ports: ports.sort((a, b) => a - b),
  }));
}

function policy(
  cluster: Cluster,
  name: string,
  spec: Kinds["NetworkPolicy"]["spec"],
): Kinds["NetworkPolicy"] {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name, namespace: cluster.namespace, labels: labelsOf(cluster, name) },
    spec,
  };
}

/** Nothing goes in or out of a pod that no other policy speaks of. */
export function denyAll(cluster: Cluster): Kinds["NetworkPolicy"] {
  return policy(cluster, "deny-all", { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
}

/** Exactly the connections of a Workload, and the names of those it dials. */
export function networkPolicyOf(cluster: Cluster, workload: Workload): Kinds["NetworkPolicy"] {
  const ingress = rules(cluster, workload.dialledBy).map(({ peers, ports }): IngressRule => ({
    from: peers,
    ports: ports.map(tcp),
  }));
  const egress = rules(cluster, workload.dials).map(({ peers, ports }): EgressRule => ({
    to: peers,
    ...(ports.length > 0 && { ports: ports.map(tcp) }),
  }));
  return policy(cluster, workload.name, {
    podSelector: { matchLabels: selectorOf(cluster, workload.name) },
    policyTypes: ["Ingress", "Egress"],
    ingress,
    egress: egress.length > 0 ? [DNS, ...egress] : [],
  });
}
