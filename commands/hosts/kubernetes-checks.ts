import type {
  CoreV1Api,
  KubeConfig,
  V1PersistentVolumeClaim,
  V1StorageClass,
} from "@kubernetes/client-node";
import { enabledServices } from "../../components/stack/connections";
import type { StackConfig } from "../../config/parse";
import { parseSize, sizeText } from "../../config/units";
import { claimSpecOf } from "../../targets/kubernetes/claims";
import { NAME_LABEL, selectorOf, type Cluster } from "../../targets/kubernetes/cluster";
import { statusOf } from "./kubernetes-problem";

/** The oldest version that has every API and field that the manifests use: a `sleep` before the stop. */
const OLDEST = 30;

const IS_DEFAULT = "storageclass.kubernetes.io/is-default-class";

/** @throws {Error} if the cluster is too old. */
export async function checkVersion(access: KubeConfig): Promise<void> {
  const { VersionApi } = await import("@kubernetes/client-node");
  const { major, minor, gitVersion } = await access.makeApiClient(VersionApi).getCode();
  if (Number(major) === 1 && parseInt(minor, 10) < OLDEST) {
    throw new Error(`it is Kubernetes ${gitVersion}, and the stack needs 1.${OLDEST} or newer`);
  }
}

/** What is against a namespace of a stack; undefined if nothing is. */
async function namespaceProblem(core: CoreV1Api, cluster: Cluster): Promise<string | undefined> {
  const { namespace, stack } = cluster;
  const found = await core.readNamespace({ name: namespace }).catch((error: unknown) => {
    if (statusOf(error) === 404) return undefined;
    throw error;
  });
  if (found === undefined) return undefined;
  if (found.metadata?.deletionTimestamp !== undefined) {
    return `namespace "${namespace}" is being deleted: try again when it is gone`;
  }
  const labels = found.metadata?.labels ?? {};
  const isOurs = Object.entries(selectorOf(cluster, namespace)).every(
    ([label, value]) => labels[label] === value,
  );
  return isOurs
    ? undefined
    : `namespace "${namespace}" is there and is not of stack "${stack}": give kubernetes.namespace another name`;
}

/** Namespaces of others in which the stack leaves something, with the options that name them. */
function foreignNamespaces({ kubernetes, apps }: StackConfig, { main }: Cluster) {
  const { attributes, podMetrics } = kubernetes;
  const named = [
    ...attributes.namespaces.map((name) => ["kubernetes.attributes.namespaces", name]),
    ...podMetrics.namespaces.map((name) => ["kubernetes.podMetrics.namespaces", name]),
    ...apps.map(({ namespace = main }, index) => [`apps[${index}].namespace`, namespace]),
  ];
  return named.filter(([, name]) => name !== main && name !== "*");
}

/** Namespaces of others that are not there; none where these credentials may not ask. */
async function missingNamespaces(
  core: CoreV1Api,
  config: StackConfig,
  cluster: Cluster,
): Promise<string[]> {
  const found = await Promise.all(
    foreignNamespaces(config, cluster).map(async ([option, name]) => {
      const status = await core.readNamespace({ name }).then(() => 200, statusOf);
      return status === 404 ? [`there is no namespace "${name}" (${option})`] : [];
    }),
  );
  return found.flat();
}

/** The cluster's storage classes; undefined where these credentials may not ask. */
async function storageClassesOf(access: KubeConfig): Promise<V1StorageClass[] | undefined> {
  const { StorageV1Api } = await import("@kubernetes/client-node");
  try {
    return (await access.makeApiClient(StorageV1Api).listStorageClass()).items;
  } catch (error) {
    if (statusOf(error) === 403) return undefined;
    throw error;
  }
}

/** What is against new claims: a class that is named and not there, or none that is the default. */
function classProblems(
  config: StackConfig,
  cluster: Cluster,
  classes: readonly V1StorageClass[],
): string[] {
  const names = classes.map(({ metadata }) => metadata?.name ?? "");
  const hasDefault = classes.some(({ metadata }) => metadata?.annotations?.[IS_DEFAULT] === "true");
  const wanted = new Set(
    enabledServices(config).flatMap((name) => {
      const claim = claimSpecOf(cluster, name);
      return claim ? [claim.storageClass] : [];
    }),
  );
  return [...wanted].flatMap((name) => {
    if (name === undefined) {
      return hasDefault
        ? []
        : [
            `the cluster has no default storage class: name one of ${names.join(", ") || "those that you make"} in kubernetes.storageClass`,
          ];
    }
    return names.includes(name)
      ? []
      : [
          `there is no storage class "${name}" (kubernetes.storageClass); the cluster has ${names.join(", ") || "none"}`,
        ];
  });
}

/** What is against the options in a claim that is there: it keeps its class, and cannot shrink. */
function claimProblems(
  cluster: Cluster,
  { metadata, spec }: V1PersistentVolumeClaim,
  classes: readonly V1StorageClass[] | undefined,
): string[] {
  const service = metadata?.labels?.[NAME_LABEL] ?? "";
  const wanted = claimSpecOf(cluster, service);
  const size = parseSize(String(spec?.resources?.requests?.storage));
  if (wanted === undefined || size === undefined) return [];
  const claim = `claim ${metadata?.name}`;
  const className = spec?.storageClassName ?? "";
  if (wanted.storageClass !== undefined && wanted.storageClass !== className) {
    return [
      `${claim} is of storage class "${className}" and cannot become one of "${wanted.storageClass}"`,
    ];
  }
  const option = `kubernetes.volumes.${service}`;
  const has = `${claim} has ${sizeText(size)}`;
  if (wanted.size < size) {
    return [`${has} and cannot shrink to ${sizeText(wanted.size)} (${option})`];
  }
  const found = classes?.find((one) => one.metadata?.name === className);
  return wanted.size > size && found && found.allowVolumeExpansion !== true
    ? [
        `${has} and its storage class "${className}" lets none grow to ${sizeText(wanted.size)} (${option})`,
      ]
    : [];
}

/** All that is in the way of what `up` would make on a cluster, each a sentence without its stop. */
export async function problemsOn(
  access: KubeConfig,
  core: CoreV1Api,
  config: StackConfig,
  cluster: Cluster,
  claims: readonly V1PersistentVolumeClaim[],
): Promise<string[]> {
  const classes = await storageClassesOf(access);
  const namespace = await namespaceProblem(core, cluster);
  return [
    ...(namespace === undefined ? [] : [namespace]),
    ...(await missingNamespaces(core, config, cluster)),
    ...(classes === undefined ? [] : classProblems(config, cluster, classes)),
    ...claims.flatMap((claim) => claimProblems(cluster, claim, classes)),
  ];
}
