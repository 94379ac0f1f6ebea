import type { Workload } from "../workload";
import { labelsOf, type Cluster } from "./cluster";
import type { Kinds } from "./objects";

/** Name of a Workload's account; undefined of one for which that of the namespace does. */
export const accountName = ({ name, perHost }: Workload): string | undefined =>
  perHost ? name : undefined;

/** The account of a Workload that is to be told apart from others. By itself it has no rights. */
export function accountsOf(cluster: Cluster, workload: Workload): Kinds["ServiceAccount"][] {
  const name = accountName(workload);
  if (name === undefined) return [];
  return [
    {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name, namespace: cluster.namespace, labels: labelsOf(cluster, workload.name) },
      automountServiceAccountToken: false,
    },
  ];
}
