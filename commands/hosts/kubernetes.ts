import type { CoreV1Api, V1PersistentVolumeClaim } from "@kubernetes/client-node";
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
import { checkVersion, problemsOn } from "./kubernetes-checks";
import { unwellText } from "./kubernetes-pods";
import { problemOf, statusOf } from "./kubernetes-problem";

/** Milliseconds that the cluster has for its first answer. */
const TIMEOUT = 15_000;

/** Milliseconds until a claim that is deleted is gone: pods end within two minutes. */
const GONE_WITHIN = 150_000;

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

/** The claims of a stack, by name. */
async function claimsOf(core: CoreV1Api, cluster: Cluster): Promise<V1PersistentVolumeClaim[]> {
  const { items } = await core.listNamespacedPersistentVolumeClaim({
    namespace: cluster.namespace,
    labelSelector: stackSelector(cluster),
  });
  const nameOf = ({ metadata }: V1PersistentVolumeClaim) => metadata?.name ?? "";
  return items.sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
}

/** Deletes a claim. It goes when no pod has it any more. @throws {Error} if one still does. */
async function deleteClaim(core: CoreV1Api, namespace: string, name: string): Promise<void> {
  await core.deleteNamespacedPersistentVolumeClaim({ namespace, name });
  const end = Date.now() + GONE_WITHIN;
  for (;;) {
    try {
      await core.readNamespacedPersistentVolumeClaim({ namespace, name });
    } catch (error) {
      if (statusOf(error) === 404) return;
      throw error;
    }
    if (Date.now() > end) throw new Error(`claim ${name} is to go, and a pod still has it`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Something that is asked of the cluster, with an error of a line where it cannot be had. */
const asked = <T>(promise: Promise<T>): Promise<T> =>
  promise.catch((error: unknown) => {
    throw new Error(`The cluster did not do what it was asked: ${problemOf(error)}.`);
  });

async function open(config: StackConfig): Promise<Host> {
  const cluster = clusterOf(config);
  const { namespace } = cluster;
  const labelSelector = stackSelector(cluster);
  try {
    const { CoreV1Api } = await import("@kubernetes/client-node");
    const access = await clusterAccess(config.kubernetes);
    await within(checkVersion(access));
    const core = access.makeApiClient(CoreV1Api);
    return {
      checkRoom: async () => {
        const claims = claimsOf(core, cluster);
        const problems = await asked(
          claims.then((found) => problemsOn(access, core, config, cluster, found)),
        );
        if (problems.length === 0) return;
        throw new Error(
          `Nothing was changed: ${where(config)} has no room for stack "${config.stack}".\n` +
            problems
              .map((problem) => `  ${problem}\n`)
              .join("")
              .trimEnd(),
        );
      },
      unwell: () => unwellText(access, core, { namespace, labelSelector }).catch(() => ""),
      dataVolumes: async () =>
        (await asked(claimsOf(core, cluster))).map(({ metadata }) => metadata?.name ?? ""),
      deleteDataVolume: (name) => asked(deleteClaim(core, namespace, name)),
      stores: () => {
        throw new Error(
          "`backup` and `restore` are for stacks on Docker: a cluster lets a volume be read only through a program in its pod, and these images have none. " +
            "Use snapshots of the claims, and export the state: docs/backup.md. Nothing was changed.",
        );
      },
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
      `Kubernetes cannot be used: ${where(config)}: ${problemOf(error)}. Nothing was changed.\n` +
        "Another cluster is named by tracekeep:kubernetes.kubeconfig and .context in the stack's file.\n" +
        `Without a cluster you can see what would run: npm run render -- --stack ${config.stack}`,
    );
  }
}

/** The first pod's log of each service. */
function logs(config: StackConfig): ReadLog {
  const cluster = clusterOf(config);
  const { namespace } = cluster;
  return async (service, container = service) => {
    const { CoreV1Api } = await import("@kubernetes/client-node");
    const core = (await clusterAccess(config.kubernetes)).makeApiClient(CoreV1Api);
    const { items } = await core.listNamespacedPod({
      namespace,
      labelSelector: selector(selectorOf(cluster, service)),
    });
    const name = items[0]?.metadata?.name;
    return name === undefined
      ? ""
      : core.readNamespacedPodLog({ namespace, name, container, tailLines: 500 });
  };
}

export const kubernetesKind: HostKind = {
  label: where,
  isFar: () => true,
  open,
  // The kubelet looks each minute, and each on its own.
  filesWithin: 90_000,
  logs,
  way: kubernetesWay,
  formats: { k8s: kubernetesPatch },
  layout: kubernetesLayout,
  manifests,
};
