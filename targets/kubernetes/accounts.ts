import type { Workload } from "../workload";
import { labelsOf, type Cluster } from "./cluster";
import { RBAC_API, type Kinds, type KubernetesObject } from "./objects";

/** Name of a Workload's account; undefined of one for which that of the namespace does. */
export const accountName = ({ name, perHost, readsPods }: Workload): string | undefined =>
  perHost || readsPods ? name : undefined;

/** By itself it has no rights, and no pod gets its token unasked. */
const account = (cluster: Cluster, name: string): Kinds["ServiceAccount"] => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { name, namespace: cluster.namespace, labels: labelsOf(cluster, name) },
  automountServiceAccountToken: false,
});

/**
 * The right to read pods: by roles of the namespaces that it holds for, or by one of the cluster.
 * Their names begin with the stack's namespace, for others have roles beside them.
 */
function rightsToPods(
  cluster: Cluster,
  owner: string,
  namespaces: readonly string[] | "all",
): KubernetesObject[] {
  const name = `${cluster.namespace}-${owner}`;
  const labels = labelsOf(cluster, owner);
  const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] }];
  const subjects = [{ kind: "ServiceAccount", name: owner, namespace: cluster.namespace }];
  const [apiGroup] = RBAC_API.split("/");
  const roleRef = (kind: string) => ({ apiGroup, kind, name });
  if (namespaces === "all") {
    const metadata = { name, labels };
    return [
      { apiVersion: RBAC_API, kind: "ClusterRole", metadata, rules },
      {
        apiVersion: RBAC_API,
        kind: "ClusterRoleBinding",
        metadata,
        roleRef: roleRef("ClusterRole"),
        subjects,
      },
    ];
  }
  return namespaces.flatMap((namespace): KubernetesObject[] => {
    const metadata = { name, namespace, labels };
    return [
      { apiVersion: RBAC_API, kind: "Role", metadata, rules },
      { apiVersion: RBAC_API, kind: "RoleBinding", metadata, roleRef: roleRef("Role"), subjects },
    ];
  });
}

/** The account of a Workload that is to be told apart from others, with its rights. */
export function accountObjects(cluster: Cluster, workload: Workload): KubernetesObject[] {
  const name = accountName(workload);
  if (name === undefined) return [];
  const { readsPods } = workload;
  return [account(cluster, name), ...(readsPods ? rightsToPods(cluster, name, readsPods) : [])];
}
