import type { CoreV1Api, V1Pod } from "@kubernetes/client-node";

/** Whether a pod is to have new connections: one that is ending is ready until it is gone. */
const isServing = ({ metadata, status }: V1Pod): boolean =>
  metadata?.deletionTimestamp === undefined &&
  (status?.conditions ?? []).some((one) => one.type === "Ready" && one.status === "True");

/**
 * Name of a pod that a Service leads to.
 *
 * @throws {Error} if there is none, or the cluster does not tell.
 */
export async function servingPod(
  core: Pick<CoreV1Api, "readNamespacedService" | "listNamespacedPod">,
  namespace: string,
  service: string,
): Promise<string> {
  const { spec } = await core.readNamespacedService({ namespace, name: service });
  const labels = Object.entries(spec?.selector ?? {});
  if (labels.length === 0) throw new Error(`the Service ${service} chooses no pods`);
  const labelSelector = labels.map((pair) => pair.join("=")).join();
  const { items } = await core.listNamespacedPod({ namespace, labelSelector });
  const name = items.find(isServing)?.metadata?.name;
  if (name === undefined) throw new Error(`no pod of the Service ${service} is ready`);
  return name;
}
