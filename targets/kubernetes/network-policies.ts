import type { input as inputs } from "@pulumi/kubernetes/types";
import type { Grant } from "../grant";
import { SENDER_LABEL } from "../pod-labels";
import type { Edge, Workload } from "../workload";
import {
  applicationLabels,
  labelsOf,
  namespaceNamed,
  placeOf,
  selectorOf,
  type Cluster,
} from "./cluster";
import type { Kinds } from "./objects";
import { addressPeers, outsidePeers } from "./outside";

type Peer = inputs.networking.v1.NetworkPolicyPeer;
type EgressRule = inputs.networking.v1.NetworkPolicyEgressRule;
type IngressRule = inputs.networking.v1.NetworkPolicyIngressRule;

const tcp = (port: number) => ({ protocol: "TCP", port });

const dns = ({ options }: Cluster): EgressRule => ({
  to: [
    {
      ...namespaceNamed("kube-system"),
      podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
    },
    ...options.egress.dns.map((cidr) => ({ ipBlock: { cidr } })),
  ],
  ports: [
    { protocol: "UDP", port: 53 },
    { protocol: "TCP", port: 53 },
  ],
});

/** A peer as policies know it. A rule without a peer would mean everyone. */
interface Rule {
  peers: Peer[];
  /** Default: any. */
  ports?: number[];
}

/** Pods of a Workload, wherever it lives. */
function podsOf(cluster: Cluster, peer: Extract<Edge["peer"], { kind: "workload" }>): Peer {
  const { namespace } = placeOf(cluster, peer);
  return {
    ...(namespace !== cluster.namespace && namespaceNamed(namespace)),
    podSelector: { matchLabels: selectorOf(cluster, peer.name) },
  };
}

/** Who is at an edge's other end, and at which port. */
function ruleOf(cluster: Cluster, { peer, port }: Edge): Rule {
  const ports = port === undefined ? {} : { ports: [port] };
  switch (peer.kind) {
    case "workload":
      return { peers: [podsOf(cluster, peer)], ...ports };
    case "applications":
      // mTLS says who they are; this says that they meant to.
      return {
        peers: [
          {
            namespaceSelector: {},
            podSelector: { matchLabels: { [SENDER_LABEL]: cluster.stack } },
          },
        ],
        ...ports,
      };
    case "application":
      return {
        peers: [
          {
            ...namespaceNamed(peer.namespace ?? cluster.namespace),
            podSelector: { matchLabels: applicationLabels(cluster, peer.name) },
          },
        ],
        ...ports,
      };
    case "browsers":
      return { peers: cluster.options.browsersFrom.map(namespaceNamed), ...ports };
    case "entrance": {
      const addresses = peer.addresses.map((cidr) => ({ ipBlock: { cidr } }));
      return { peers: [...peer.namespaces.map(namespaceNamed), ...addresses], ...ports };
    }
    case "namespace":
      return { peers: [namespaceNamed(peer.name)], ...ports };
    case "clusterApi": {
      // It is no pod: a policy can name its address alone.
      const { api } = cluster.options;
      return { peers: addressPeers(api.addresses), ports: api.ports };
    }
    case "outside": {
      const { peers, anyPort } = outsidePeers(cluster, peer);
      return { peers, ...(!anyPort && ports) };
    }
  }
}

/** One rule a peer, with all the ports that it takes. */
function rules(cluster: Cluster, edges: readonly Edge[]): Rule[] {
  const grouped = new Map<string, Rule>();
  for (const edge of edges) {
    const { peers, ports } = ruleOf(cluster, edge);
    if (peers.length === 0) continue;
    const key = JSON.stringify(peers);
    const known = grouped.get(key);
    // Any port takes in every other.
    const both = known ? known.ports && ports && [...known.ports, ...ports] : ports;
    grouped.set(key, { peers, ...(both && { ports: both }) });
  }
  return [...grouped.values()].map(({ peers, ports }) => ({
    peers,
    ...(ports && { ports: [...new Set(ports)].sort((a, b) => a - b) }),
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

/** Exactly these connections, and the names of whom they lead to. */
function egressOf(cluster: Cluster, dials: readonly Edge[]): EgressRule[] {
  const egress = rules(cluster, dials).map(({ peers, ports }): EgressRule => ({
    to: peers,
    ...(ports && { ports: ports.map(tcp) }),
  }));
  return egress.length > 0 ? [dns(cluster), ...egress] : [];
}

/** Exactly the connections of a Workload, and the names of those it dials. */
export function networkPolicyOf(cluster: Cluster, workload: Workload): Kinds["NetworkPolicy"] {
  const ingress = rules(cluster, workload.dialledBy).map(({ peers, ports }): IngressRule => ({
    from: peers,
    ...(ports && { ports: ports.map(tcp) }),
  }));
  return policy(cluster, workload.name, {
    podSelector: { matchLabels: selectorOf(cluster, workload.name) },
    policyTypes: ["Ingress", "Egress"],
    ingress,
    egress: egressOf(cluster, workload.dials),
  });
}

/** What an application may dial that somebody else runs in the stack's namespace. */
export function grantPolicyOf(cluster: Cluster, { name, dials }: Grant): Kinds["NetworkPolicy"] {
  return policy(cluster, name, {
    podSelector: { matchLabels: applicationLabels(cluster, name) },
    policyTypes: ["Egress"],
    egress: egressOf(cluster, dials),
  });
}
