import type { CoreV1Api, KubeConfig, V1Pod } from "@kubernetes/client-node";
import { clusterAccess } from "../../components/verification/kubernetes-forward";
import type { StackConfig } from "../../config/parse";
import {
  clusterOf,
  labelsOf,
  NAME_LABEL,
  selectorOf,
  type Cluster,
} from "../../targets/kubernetes/cluster";
import { kubernetesLayout } from "../../targets/kubernetes/layout";
import { manifests } from "../../targets/kubernetes/manifests";
import type { Host, HostKind, ReadLog } from "./host";
import { kubernetesPatch, kubernetesWay } from "./kubernetes-applications";

/** Milliseconds that the cluster has for its first answer. */
const TIMEOUT = 15_000;

/** Lines of each pod's log that are shown. */
const LINES = 5;

/** The oldest version that has every API and field that the manifests use. */
export const OLDEST = 28;

const selector = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([label, value]) => `${label}=${value}`)
    .join(",");

/** Every object of the stack, whatever it is called. */
function stackSelector(cluster: Cluster): string {
  const labels = Object.entries(labelsOf(cluster, ""));
  return selector(Object.fromEntries(labels.filter(([label]) => label !== NAME_LABEL)));
}

const within = <T>(promise: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const late = new Error(`no answer within ${TIMEOUT / 1000} s`);
    const timer = setTimeout(() => reject(late), TIMEOUT);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });

function where({ kubernetes: { context, kubeconfig } }: StackConfig): string {
  const file = kubeconfig === undefined ? "" : ` of ${kubeconfig}`;
  return `the cluster of ${context === undefined ? "the current context" : `context "${context}"`}${file}`;
}

/** Status code of a refused request. */
const codeOf = (error: unknown): number | undefined => (error as { code?: number }).code;

/** @throws {Error} if it does not answer or is too old. */
async function checkVersion(access: KubeConfig): Promise<void> {
  const { VersionApi } = await import("@kubernetes/client-node");
  const { minor, gitVersion } = await within(access.makeApiClient(VersionApi).getCode());
  if (parseInt(minor, 10) < OLDEST) {
    throw new Error(`it is Kubernetes ${gitVersion}, and the stack needs 1.${OLDEST} or newer`);
  }
}

/** @throws {Error} if there is neither a class that is named nor a default one. */
async function checkStorageClass(access: KubeConfig, wanted: string | undefined): Promise<void> {
  const { StorageV1Api } = await import("@kubernetes/client-node");
  const { items } = await access.makeApiClient(StorageV1Api).listStorageClass();
  const names = items.map(({ metadata }) => metadata?.name ?? "");
  if (wanted !== undefined && !names.includes(wanted)) {
    throw new Error(
      `there is no storage class "${wanted}" (kubernetes.storageClass); the cluster has ${names.join(", ") || "none"}`,
    );
  }
  const isDefault = "storageclass.kubernetes.io/is-default-class";
  if (
    wanted === undefined &&
    !items.some(({ metadata }) => metadata?.annotations?.[isDefault] === "true")
  ) {
    throw new Error(
      `the cluster has no default storage class: name one of ${names.join(", ") || "those that you make"} in kubernetes.storageClass`,
    );
  }
}

/** @throws {Error} if the namespace is there and another made it. */
async function checkNamespace(core: CoreV1Api, cluster: Cluster): Promise<void> {
  const { namespace } = cluster;
  const found = await core.readNamespace({ name: namespace }).catch((error: unknown) => {
    if (codeOf(error) === 404) return undefined;
    throw error;
  });
  if (found === undefined) return;
  const labels = found.metadata?.labels ?? {};
  const ours = selectorOf(cluster, namespace);
  if (Object.entries(ours).every(([label, value]) => labels[label] === value)) return;
  throw new Error(
    `namespace "${namespace}" is there, and is not of stack "${cluster.stack}": give kubernetes.namespace another name`,
  );
}

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

async function unwellPods(core: CoreV1Api, cluster: Cluster): Promise<string> {
  const { namespace } = cluster;
  const { items } = await core.listNamespacedPod({
    namespace,
    labelSelector: stackSelector(cluster),
  });
  const texts = items.filter(isUnwell).map(async (pod) => {
    const name = pod.metadata?.name ?? "";
    const log = await core
      .readNamespacedPodLog({ namespace, name, tailLines: LINES })
      .catch(() => "");
    const lines = log.trimEnd().split("\n").filter(Boolean);
    const wrote = lines.length > 0 ? "; it wrote last:" : "; it wrote nothing.";
    return [
      `${name} is not well (${reasonOf(pod)})${wrote}`,
      ...lines.map((line) => `  ${line}`),
    ].join("\n");
  });
  return (await Promise.all(texts)).map((text) => `${text}\n`).join("");
}

async function open(config: StackConfig): Promise<Host> {
  const cluster = clusterOf(config);
  const { namespace } = cluster;
  const labelSelector = stackSelector(cluster);
  try {
    const { CoreV1Api } = await import("@kubernetes/client-node");
    const access = await clusterAccess(config.kubernetes);
    await checkVersion(access);
    const core = access.makeApiClient(CoreV1Api);
    return {
      checkRoom: async () => {
        await checkStorageClass(access, config.kubernetes.storageClass);
        await checkNamespace(core, cluster);
      },
      unwell: () => unwellPods(core, cluster).catch(() => ""),
      dataVolumes: async () => {
        const { items } = await core.listNamespacedPersistentVolumeClaim({
          namespace,
          labelSelector,
        });
        return items.map(({ metadata }) => metadata?.name ?? "").sort();
      },
      deleteDataVolume: async (name) =>
        void (await core.deleteNamespacedPersistentVolumeClaim({ namespace, name })),
      drift: async () => {
        const { items } = await core.listNamespacedPod({ namespace });
        const ours = stackSelector(cluster).split(",");
        // Files are objects here, at which the engine looks itself.
        return items
          .filter(({ metadata }) => {
            const labels = Object.entries(metadata?.labels ?? {}).map((pair) => pair.join("="));
            return !ours.every((label) => labels.includes(label));
          })
          .map(({ metadata }) => ({
            what: `pod ${metadata?.name}`,
            how: ["runs in the stack's namespace, and is none of the stack's"],
          }));
      },
    };
  } catch (error) {
    throw new Error(
      `Kubernetes does not answer: ${where(config)}: ${(error as Error).message}. Nothing was changed.\n` +
        "Another cluster is named by tracekeep:kubernetes.kubeconfig and .context in the stack's file.\n" +
        `Without a cluster you can see what would run: npm run render -- --stack ${config.stack}`,
    );
  }
}

/** The first pod's log of each service. */
function logs(config: StackConfig): ReadLog {
  const cluster = clusterOf(config);
  const { namespace } = cluster;
  return async (service) => {
    const { CoreV1Api } = await import("@kubernetes/client-node");
    const core = (await clusterAccess(config.kubernetes)).makeApiClient(CoreV1Api);
    const { items } = await core.listNamespacedPod({
      namespace,
      labelSelector: selector(selectorOf(cluster, service)),
    });
    const name = items[0]?.metadata?.name;
    return name === undefined ? "" : core.readNamespacedPodLog({ namespace, name, tailLines: 500 });
  };
}

export const kubernetesKind: HostKind = {
  label: where,
  isFar: () => true,
  open,
  logs,
  way: kubernetesWay,
  formats: { k8s: kubernetesPatch },
  layout: kubernetesLayout,
  manifests,
};
