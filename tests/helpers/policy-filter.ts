import type { Pod } from "./cluster-rollouts";

type Labels = Readonly<Record<string, string>>;

interface Selector {
  matchLabels?: Labels;
}

interface Peer {
  podSelector?: Selector;
  namespaceSelector?: Selector;
  ipBlock?: { cidr: string; except?: string[] };
}

interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports?: { protocol: string; port: number }[];
}

/** A NetworkPolicy, as the API server has it. */
export interface NetworkPolicy {
  metadata: { name: string; namespace: string };
  spec: {
    podSelector: Selector;
    policyTypes: ("Ingress" | "Egress")[];
    ingress?: Rule[];
    egress?: Rule[];
  };
}

export interface PodAddress {
  namespace: string;
  labels: Labels;
  address: string;
}

/** The pods that have an address of their own. */
export const addressesOfPods = (pods: readonly (Pod & PodNetwork)[]): PodAddress[] =>
  pods.flatMap(({ metadata: { namespace, labels = {} }, spec, status: { podIP } }) =>
    podIP === undefined || spec.hostNetwork ? [] : [{ namespace, labels, address: podIP }],
  );

interface PodNetwork {
  metadata: { namespace: string };
  spec: { hostNetwork?: boolean };
  status: { podIP?: string };
}

/** The labels of a selector. @throws if it says more, which would be taken for less than it is. */
function onlyLabels(selector: Selector): Labels {
  const unknown = Object.keys(selector).filter((key) => key !== "matchLabels");
  if (unknown.length > 0) throw new Error(`selectors with ${unknown.join()} are not known here`);
  return selector.matchLabels ?? {};
}

const matches = (labels: Labels, selector: Selector) =>
  Object.entries(onlyLabels(selector)).every(([key, value]) => labels[key] === value);

const set = (items: readonly (string | number)[]) => `{ ${items.join(", ")} }`;

/** Conditions of nftables on addresses of one direction, any of which suffices. */
function addresses(
  side: "saddr" | "daddr",
  peers: readonly Peer[],
  home: string,
  pods: readonly PodAddress[],
  namespaces: Readonly<Record<string, Labels>>,
): string[] {
  return peers.flatMap(({ podSelector, namespaceSelector, ipBlock }) => {
    if (ipBlock) {
      if (ipBlock.cidr.includes(":")) return [];
      const except = (ipBlock.except ?? []).map((cidr) => `ip ${side} != ${cidr}`);
      return [[`ip ${side} ${ipBlock.cidr}`, ...except].join(" ")];
    }
    const found = pods.filter(
      ({ namespace, labels }) =>
        (namespaceSelector
          ? matches(namespaces[namespace] ?? {}, namespaceSelector)
          : namespace === home) && matches(labels, podSelector ?? {}),
    );
    return found.length === 0 ? [] : [`ip ${side} ${set(found.map(({ address }) => address))}`];
  });
}

function ports(rule: Rule): string[] {
  if (rule.ports === undefined) return [""];
  return ["TCP", "UDP"].flatMap((protocol) => {
    const numbers = rule.ports!.filter((one) => one.protocol === protocol).map(({ port }) => port);
    return numbers.length === 0 ? [] : [`${protocol.toLowerCase()} dport ${set(numbers)}`];
  });
}

/**
 * A table of nftables that enforces NetworkPolicies between pods whose packets a node forwards, for
 * where no network plugin does. What the node itself sends to its pods is never filtered.
 */
export function policyTable(
  policies: readonly NetworkPolicy[],
  pods: readonly PodAddress[],
  namespaces: Readonly<Record<string, Labels>>,
): string {
  const chains: string[] = [];
  const jumps: string[] = [];
  for (const [type, key, own, other] of [
    ["Egress", "egress", "saddr", "daddr"],
    ["Ingress", "ingress", "daddr", "saddr"],
  ] as const) {
    for (const pod of pods) {
      const ours = policies.filter(
        ({ metadata, spec }) =>
          metadata.namespace === pod.namespace &&
          spec.policyTypes.includes(type) &&
          matches(pod.labels, spec.podSelector),
      );
      if (ours.length === 0) continue;
      const rules = ours.flatMap(({ metadata: { namespace }, spec }) =>
        (spec[key] ?? []).flatMap((rule) => {
          const peers = rule.from ?? rule.to;
          const who = peers ? addresses(other, peers, namespace, pods, namespaces) : [""];
          return who.flatMap((one) => ports(rule).map((port) => `${one} ${port} return`));
        }),
      );
      const name = `${key}_${pod.address.replaceAll(".", "_")}`;
      chains.push(`chain ${name} {\n${[...rules, "reject"].join("\n")}\n}`);
      jumps.push(`ip ${own} ${pod.address} jump ${name}`);
    }
  }
  return `table ip policies
delete table ip policies
table ip policies {
${chains.join("\n")}
chain forward {
type filter hook forward priority 0; policy accept;
ct direction reply accept
${jumps.join("\n")}
}
}
`;
}
