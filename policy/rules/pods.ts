import { rulesOver, type Part, type Subject } from "../rule";
import { known } from "../unknown";
import { kindOf, metadataOf } from "../views/kubernetes";
import { podsOf } from "../views/pod";

const pod = rulesOver(podsOf);

interface Namespace extends Part {
  labels: Record<string, string>;
}

const namespacesOf = (subject: Subject): Namespace[] =>
  kindOf(subject) === "Namespace"
    ? [
        {
          where: `namespace ${subject.name}`,
          get labels() {
            return metadataOf(subject).labels ?? {};
          },
        },
      ]
    : [];

export const podSecurity = rulesOver(namespacesOf)({
  name: "pod-security",
  description: "A namespace enforces Pod Security's `restricted`.",
  targets: ["kubernetes"],
  broken: ({ labels }) => labels["pod-security.kubernetes.io/enforce"] !== "restricted",
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
