import { NODES_NAMESPACE, READ_HOST_DIRECTORIES } from "../exceptions";
import { rulesOver, stackRule, type Part, type Subject } from "../rule";
import { known } from "../unknown";
import { kindOf, metadataOf, NAME_LABEL } from "../views/kubernetes";
import { podsOf } from "../views/pod";

const pod = rulesOver(podsOf);

interface Namespace extends Part {
  /** Of the resource. */
  resource: string;
  name: string | undefined;
  labels: Record<string, string>;
}

const namespacesOf = (subject: Subject): Namespace[] =>
  kindOf(subject) === "Namespace"
    ? [
        {
          where: `namespace ${subject.name}`,
          resource: subject.name,
          get name() {
            return metadataOf(subject).name;
          },
          get labels() {
            return metadataOf(subject).labels ?? {};
          },
        },
      ]
    : [];

const isRestricted = ({ labels }: Namespace) =>
  labels["pod-security.kubernetes.io/enforce"] === "restricted";

export const podSecurity = rulesOver(namespacesOf)<{ namespaces: readonly string[] }>({
  name: "pod-security",
  description: "A namespace enforces Pod Security's `restricted`.",
  targets: ["kubernetes"],
  options: {
    namespaces: {
      type: "array",
      items: { type: "string" },
      default: [NODES_NAMESPACE],
      description: "Names of the resources of namespaces that need not.",
    },
  },
  broken: (namespace, { namespaces }) =>
    !isRestricted(namespace) && !namespaces.includes(namespace.resource),
});

export const nodesNamespace = stackRule<{ services: readonly string[] }>({
  name: "nodes-namespace",
  description:
    "In a namespace that is not restricted runs nothing but what reads directories of its node.",
  targets: ["kubernetes"],
  options: {
    services: {
      type: "array",
      items: { type: "string" },
      default: [...READ_HOST_DIRECTORIES],
      description: "Services that may run there.",
    },
  },
  find: (subjects, { services }) => {
    const open = subjects
      .flatMap(namespacesOf)
      .filter((namespace) => !isRestricted(namespace))
      .map(({ name }) => name);
    return subjects.flatMap((subject) =>
      podsOf(subject)
        .filter(
          ({ namespace, metadata }) =>
            open.includes(namespace) && !services.includes(metadata.labels?.[NAME_LABEL] ?? ""),
        )
        .map(({ where }) => ({ where, urn: subject.urn })),
    );
  },
});

export const serviceAccountToken = pod<{ pods: readonly string[] }>({
  name: "service-account-token",
  description: "No pod holds a token of the cluster's API, unless it is allowed.",
  targets: ["kubernetes"],
  options: {
    pods: {
      type: "array",
      items: { type: "string" },
      default: [],
      description: "Names of the resources whose pods may call the API.",
    },
  },
  broken: ({ spec, name }, { pods }) =>
    spec.automountServiceAccountToken !== false && !pods.includes(name),
});

/** Bits that let others than owner and group read, or anybody write or run. */
const TOO_OPEN = 0o337;

export const secretModes = pod({
  name: "secret-modes",
  description: "Files of Secrets are readable by their owner and the pod's group alone.",
  targets: ["kubernetes"],
  broken: ({ spec }) =>
    known(spec.volumes).some(
      ({ secret }) => secret !== undefined && ((secret.defaultMode ?? 0o644) & TOO_OPEN) !== 0,
    ),
});
