import type { StackConfig } from "../../config/parse";
import type { Workload } from "../../targets/workload";
import type { Settings } from "./component";

/** What is said of a pod. The collector makes each of them of the pod alone, and asks for nothing else. */
const NAMES = [
  "k8s.namespace.name",
  "k8s.pod.name",
  "k8s.pod.uid",
  "k8s.node.name",
  "k8s.deployment.name",
  "k8s.statefulset.name",
  "k8s.daemonset.name",
  "k8s.job.name",
  "k8s.cronjob.name",
];

/**
 * How a pod is found: by what is said of it, as the log agent does, which reads what others wrote, and
 * a collector that passes on what others sent; else by the address that it sends from.
 */
const FOUND_BY = [
  { from: "resource_attribute", name: "k8s.pod.uid" },
  { from: "resource_attribute", name: "k8s.pod.ip" },
  { from: "connection" },
];

const settings = (filter: Settings): Settings => ({
  auth_type: "serviceAccount",
  filter: {
    ...filter,
    // They have an address still, which is another's by now.
    fields: ["Succeeded", "Failed"].map((value) => ({
      key: "status.phase",
      op: "not-equals",
      value,
    })),
  },
  extract: { metadata: NAMES },
  pod_association: FOUND_BY.map((source) => ({ sources: [source] })),
  // By default pods of some names are left out.
  exclude: { pods: [] },
  // That the API is away must not keep data out.
  wait_for_metadata: false,
});

const namespacesOf = ({ kubernetes }: StackConfig): string[] => [
  ...new Set(kubernetes.attributes.namespaces),
];

/**
 * The processors that say of data which pod sent it, by id; none where no pods are known. Each
 * watches one namespace, for it cannot watch two, or all of them.
 */
export function clusterAttributes(config: StackConfig): Record<string, Settings> {
  const namespaces = namespacesOf(config);
  if (namespaces.includes("*")) return { k8s_attributes: settings({}) };
  return Object.fromEntries(
    namespaces.map((namespace) => [`k8s_attributes/${namespace}`, settings({ namespace })]),
  );
}

/** What they ask of the cluster, as a Workload says it. */
export function attributesAccess(config: StackConfig): Pick<Workload, "readsPods"> {
  const namespaces = namespacesOf(config);
  if (namespaces.length === 0) return {};
  return { readsPods: namespaces.includes("*") ? "all" : namespaces };
}
