import type { Grant, GrantedFile } from "../grant";
import type { Layout } from "../layout";
import { portOf } from "../container-layout";
import { labelsOf, type Cluster } from "./cluster";
import { grantPolicyOf } from "./network-policies";
import type { KubernetesObject, Text } from "./objects";
import type { Making } from "./workload-objects";

/** Name of the Secret and of the ConfigMap. Others may leave theirs in the same namespace. */
export const grantName = ({ prefix }: Cluster, { name }: Grant): string => `${prefix}-${name}`;

/** Namespace in which they are left. */
export const grantNamespace = (cluster: Cluster, { namespace }: Grant): string =>
  namespace ?? cluster.namespace;

/** Addresses of services that hold in every namespace; the certificates carry the names. */
const peerIn =
  ({ namespace }: Cluster): Layout["peer"] =>
  (service, listener) =>
    `${service}.${namespace}.svc:${portOf(service, listener)}`;

/** Names and values of the application's environment variables, sorted. */
export const grantVariables = (cluster: Cluster, grant: Grant): [string, string][] =>
  Object.entries(grant.env(peerIn(cluster))).sort(([a], [b]) => (a < b ? -1 : 1));

function textOf({ materials }: Making, { content }: GrantedFile): Text {
  switch (content.kind) {
    case "root":
      return materials.trust.root;
    case "certificate":
    case "key":
      return materials.identities[content.certificate][content.kind];
    case "secret":
      return materials.secrets[content.secret];
  }
}

/**
 * The Secret of the files and the ConfigMap of the variables. Both have a constant name, for who
 * mounts them is not of the stack, and are refreshed in place: files change under a running pod,
 * variables with its next rollout.
 */
export function grantObjects(making: Making, grant: Grant): KubernetesObject[] {
  const { cluster } = making;
  const metadata = {
    name: grantName(cluster, grant),
    namespace: grantNamespace(cluster, grant),
    labels: labelsOf(cluster, grant.name),
  };
  return [
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata,
      type: "kubernetes.io/tls",
      immutable: false,
      stringData: Object.fromEntries(
        grant.files.map((file) => [file.name, textOf(making, file)] as const),
      ),
    },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata,
      immutable: false,
      data: Object.fromEntries(grantVariables(cluster, grant)),
    },
    // Policies of other namespaces are others' to make.
    ...(metadata.namespace === cluster.namespace ? [grantPolicyOf(cluster, grant)] : []),
  ];
}
