import type { CoreV1Api, CoreV1Event, KubeConfig, V1Pod } from "@kubernetes/client-node";

/** A namespace, and labels of what is asked for in it. */
interface Selection {
  namespace: string;
  labelSelector: string;
}

/** Lines of each pod's log that are shown. */
const LINES = 5;

const isUnwell = ({ status }: V1Pod): boolean =>
  !(status?.conditions ?? []).some(
    ({ type, status: value }) => type === "Ready" && value === "True",
  );

/** Why a pod is not ready, in the cluster's words. */
function reasonOf({ status }: V1Pod): string {
  const waiting = status?.containerStatuses?.flatMap(({ state }) => {
    const { reason, message } = state?.waiting ?? state?.terminated ?? {};
    return reason === undefined ? [] : [message === undefined ? reason : `${reason}: ${message}`];
  });
  const conditions = status?.conditions?.flatMap(({ status: value, message }) =>
    value === "False" && message !== undefined ? [message] : [],
  );
  return waiting?.[0] ?? conditions?.[0] ?? status?.phase ?? "not started";
}

async function unwellPods(core: CoreV1Api, of: Selection): Promise<string[]> {
  const { namespace } = of;
  const { items } = await core.listNamespacedPod(of);
  return Promise.all(
    items.filter(isUnwell).map(async (pod) => {
      const name = pod.metadata?.name ?? "";
      // Of several containers the first that is not well.
      const container = pod.status?.containerStatuses?.find(({ ready }) => !ready)?.name;
      const log = await core
        .readNamespacedPodLog({ namespace, name, container, tailLines: LINES })
        .catch(() => "");
      const lines = log.trimEnd().split("\n").filter(Boolean);
      const wrote = lines.length > 0 ? "; it wrote last:" : "; it wrote nothing.";
      return [
        `${name} is not well (${reasonOf(pod)})${wrote}`,
        ...lines.map((line) => `  ${line}`),
      ].join("\n");
    }),
  );
}

const timeOf = ({ lastTimestamp, eventTime }: CoreV1Event): number =>
  new Date(lastTimestamp ?? eventTime ?? 0).getTime();

/** Controllers whose pods are not even made, each with the newest warning about it. */
async function lackingPods(access: KubeConfig, core: CoreV1Api, of: Selection): Promise<string[]> {
  const { AppsV1Api } = await import("@kubernetes/client-node");
  const apps = access.makeApiClient(AppsV1Api);
  const lists = [await apps.listNamespacedStatefulSet(of), await apps.listNamespacedDeployment(of)];
  const lacking = lists
    .flatMap<{
      metadata?: { name?: string };
      spec?: { replicas?: number };
      status?: { replicas?: number };
    }>(({ items }) => items)
    .map(({ metadata, spec, status }) => ({
      name: metadata?.name ?? "",
      wanted: spec?.replicas ?? 1,
      made: status?.replicas ?? 0,
    }))
    .filter(({ wanted, made }) => made < wanted);
  if (lacking.length === 0) return [];
  const { items } = await core.listNamespacedEvent({
    namespace: of.namespace,
    fieldSelector: "type=Warning",
  });
  const newestFirst = items.sort((a, b) => timeOf(b) - timeOf(a));
  return lacking.map(({ name, wanted, made }) => {
    // A Deployment's pods are made by a ReplicaSet, whose name goes on with a hash.
    const about = newestFirst.find(({ involvedObject: { kind, name: whose = "" } }) =>
      kind === "ReplicaSet" ? whose.startsWith(`${name}-`) : whose === name,
    );
    return `${name} has ${made} of ${wanted} pods (${about?.message ?? "nothing says why"}).`;
  });
}

/** What of a stack does not run well, a paragraph each, with the end of what it wrote; empty if nothing. */
export async function unwellText(
  access: KubeConfig,
  core: CoreV1Api,
  of: Selection,
): Promise<string> {
  const texts = [...(await unwellPods(core, of)), ...(await lackingPods(access, core, of))];
  return texts.map((text) => `${text}\n`).join("");
}
