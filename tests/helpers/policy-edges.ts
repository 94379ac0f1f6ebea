/** A NetworkPolicy, as far as it is read here. */
export interface Policy {
  kind: string;
  metadata: { name: string; namespace?: string };
  spec: Record<string, unknown>;
}

interface Peer {
  podSelector?: { matchLabels?: Record<string, string> };
  namespaceSelector?: { matchLabels?: Record<string, string> };
  ipBlock?: { cidr: string };
}

interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports?: { protocol: string; port: number }[];
}

/**
 * Who a peer is: a range, one application that others run, all of them, DNS, a Workload by its name,
 * or a namespace.
 */
function nameOf({ podSelector, namespaceSelector, ipBlock }: Peer): string {
  const labels = podSelector?.matchLabels ?? {};
  if (ipBlock) return ipBlock.cidr;
  const application = labels["tracekeep.io/application"];
  const place = Object.values(namespaceSelector?.matchLabels ?? {}).join();
  if (application !== undefined) return `application ${place}/${application}`;
  if (labels["tracekeep.io/sends-to"] !== undefined) return "applications";
  if (labels["k8s-app"] === "kube-dns") return "DNS";
  return labels["app.kubernetes.io/name"] ?? `namespace ${place}`;
}

/** Who may reach whom at which port, by the policies of one direction; DNS is left out. */
export function policyEdges(
  manifests: readonly Policy[],
  direction: "ingress" | "egress",
): Set<string> {
  const found = new Set<string>();
  for (const { kind, metadata, spec } of manifests) {
    if (kind !== "NetworkPolicy" || metadata.name === "deny-all") continue;
    for (const { from, to, ports } of (spec[direction] ?? []) as Rule[]) {
      for (const peer of from ?? to ?? []) {
        for (const { port } of ports ?? [{ port: "any" }]) {
          const other = nameOf(peer);
          const ends = direction === "ingress" ? [other, metadata.name] : [metadata.name, other];
          if (port !== 53) found.add(`${ends.join(" -> ")}:${port}`);
        }
      }
    }
  }
  return found;
}
