import { rulesOver, stackRule, type Part, type Subject } from "../rule";
import { kindOf, metadataOf, NAME_LABEL, selects } from "../views/kubernetes";
import { rowAt, rowsOf } from "../views/listeners";
import { podsOf } from "../views/pod";

type Selector = { matchLabels?: Record<string, string> };
type Peer = { ipBlock?: { cidr: string; except?: string[] } };
type Port = { port?: number | string };

interface PolicySpec {
  podSelector?: Selector;
  policyTypes?: string[];
  ingress?: { from?: Peer[]; ports?: Port[] }[];
  egress?: { to?: Peer[]; ports?: Port[] }[];
}

interface NetworkPolicy extends Part {
  name: string;
  namespace: string | undefined;
  spec: PolicySpec;
}

const policiesOf = (subject: Subject): NetworkPolicy[] =>
  kindOf(subject) === "NetworkPolicy"
    ? [
        {
          where: `network policy ${subject.name}`,
          name: subject.name,
          get namespace() {
            return metadataOf(subject).namespace;
          },
          get spec() {
            return (subject.props.spec ?? {}) as PolicySpec;
          },
        },
      ]
    : [];

const policy = rulesOver(policiesOf);

export const everyPodHasAPolicy = stackRule({
  name: "network-policy",
  description: "Every pod is under NetworkPolicies for what comes in and for what goes out.",
  targets: ["kubernetes"],
  find: (subjects) => {
    const policies = subjects.flatMap(policiesOf);
    const covers = (direction: string, subject: Subject) =>
      podsOf(subject).every((pod) =>
        policies.some(
          ({ namespace, spec }) =>
            namespace === pod.namespace &&
            (spec.policyTypes ?? []).includes(direction) &&
            selects(spec.podSelector, pod.metadata.labels),
        ),
      );
    return subjects
      .filter((subject) => !["Ingress", "Egress"].every((direction) => covers(direction, subject)))
      .map(({ name, urn }) => ({ where: `pods of ${name}`, urn }));
  },
});

const EVERYBODY = ["0.0.0.0/0", "::/0"];

export const namedPeers = policy<{ world: readonly string[] }>({
  name: "named-peers",
  description:
    "A NetworkPolicy names whom it lets in and where it lets out: an empty list is everybody.",
  targets: ["kubernetes"],
  options: {
    world: {
      type: "array",
      items: { type: "string" },
      default: [],
      description: "Names of the resources of policies that may let in the whole world.",
    },
  },
  broken: ({ name, spec: { ingress = [], egress = [] } }, { world }) =>
    ingress.some(
      ({ from = [] }) =>
        from.length === 0 ||
        (!world.includes(name) &&
          from.some(({ ipBlock }) => EVERYBODY.includes(ipBlock?.cidr ?? ""))),
    ) || egress.some(({ to = [] }) => to.length === 0),
});

const METADATA = "169.254.0.0/16";

export const cloudCredentials = policy({
  name: "cloud-credentials",
  description:
    "What may go anywhere outside may not go to the address of the cloud's own credentials.",
  targets: ["kubernetes"],
  broken: ({ spec: { egress = [] } }) =>
    egress.some(({ to = [] }) =>
      to.some(
        ({ ipBlock }) =>
          ipBlock?.cidr === EVERYBODY[0] && !(ipBlock.except ?? []).includes(METADATA),
      ),
    ),
});

export const openedPorts = policy({
  name: "opened-ports",
  description:
    "A NetworkPolicy opens a service's listeners of the connection table, and no other port.",
  targets: ["kubernetes"],
  broken: ({ spec: { podSelector, ingress = [] } }) => {
    const service = podSelector?.matchLabels?.[NAME_LABEL];
    if (rowsOf(service).length === 0) return false;
    return ingress.some(
      ({ ports = [] }) =>
        ports.length === 0 ||
        ports.some(({ port }) => rowAt(service, Number(port))?.reach !== "network"),
    );
  },
});

interface Budget {
  maxUnavailable?: number | string;
  minAvailable?: number | string;
  selector?: Selector;
}

interface Autoscaler {
  scaleTargetRef?: { name?: string };
  minReplicas?: number;
}

/** Specs of the objects of a kind, with the namespaces that they are in. */
const specsOf = <T>(subjects: readonly Subject[], kind: string) =>
  subjects
    .filter((subject) => kindOf(subject) === kind)
    .map((subject) => ({
      namespace: metadataOf(subject).namespace,
      spec: (subject.props.spec ?? {}) as T,
    }));

export const disruptionBudget = stackRule({
  name: "disruption-budget",
  description: "What has more than one replica has a budget that lets one go at a time.",
  targets: ["kubernetes"],
  find: (subjects) => {
    const budgets = specsOf<Budget>(subjects, "PodDisruptionBudget");
    const autoscalers = specsOf<Autoscaler>(subjects, "HorizontalPodAutoscaler");
    return subjects.flatMap((subject) =>
      podsOf(subject).flatMap((pod) => {
        const deciding = autoscalers.find(
          ({ namespace, spec: { scaleTargetRef } }) =>
            namespace === pod.namespace &&
            scaleTargetRef?.name === pod.metadata.labels?.[NAME_LABEL],
        );
        const least = deciding?.spec.minReplicas ?? pod.replicas;
        const guarded = budgets.some(
          ({ namespace, spec }) =>
            namespace === pod.namespace &&
            selects(spec.selector, pod.metadata.labels) &&
            (spec.maxUnavailable === 1 || spec.minAvailable === least - 1),
        );
        return least > 1 && !guarded ? [{ where: pod.where, urn: subject.urn }] : [];
      }),
    );
  },
});

interface RoleRule {
  verbs?: string[];
  resources?: string[];
  apiGroups?: string[];
}

interface Role extends Part {
  rules: RoleRule[];
}

const rolesOf = (subject: Subject): Role[] =>
  ["Role", "ClusterRole"].includes(kindOf(subject) ?? "")
    ? [
        {
          where: `role ${subject.name}`,
          get rules() {
            return (subject.props.rules ?? []) as RoleRule[];
          },
        },
      ]
    : [];

const READS = ["get", "list", "watch"];

export const leastRights = rulesOver(rolesOf)({
  name: "least-rights",
  description: "A role of the cluster's API reads what it names, and no Secrets.",
  targets: ["kubernetes"],
  broken: ({ rules }) =>
    rules.some(
      ({ verbs = [], resources = [], apiGroups = [] }) =>
        verbs.some((verb) => !READS.includes(verb)) ||
        [...resources, ...apiGroups].includes("*") ||
        resources.includes("secrets"),
    ),
});
