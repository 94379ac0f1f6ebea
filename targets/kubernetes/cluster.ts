import type { StackConfig } from "../../config/parse";
import { APPLICATION_LABEL, SENDER_LABEL } from "../pod-labels";
import type { Workload } from "../workload";

type Options = StackConfig["kubernetes"];

/** What every object of one stack on one cluster shares. */
export interface Cluster {
  /** Name of the stack, for labels. */
  stack: string;
  /** Where objects are made: `main`, or `nodes`. */
  namespace: string;
  /** Namespace of all but what sees the nodes. */
  main: string;
  /** Namespace of what sees the nodes. */
  nodes: string;
  /** Start of the names of what is left in other namespaces. */
  prefix: string;
  /** Whether nodes fetch images; without it they must have them. */
  pull: boolean;
  options: Options;
}

export function clusterOf(config: StackConfig): Cluster {
  const namespace = config.kubernetes.namespace ?? config.namePrefix;
  return {
    stack: config.stack,
    namespace,
    main: namespace,
    nodes: `${namespace}-nodes`,
    prefix: config.namePrefix,
    pull: config.images.pull,
    options: config.kubernetes,
  };
}

/** The same cluster, with the namespace in which a Workload lives. */
export const placeOf = (cluster: Cluster, { perHost }: Pick<Workload, "perHost">): Cluster => ({
  ...cluster,
  namespace: perHost ? cluster.nodes : cluster.main,
});

/** Name of the headless Service that gives the pods of a StatefulSet their own names. */
export const headlessName = (name: string): string => `${name}-headless`;

/** Name of a pod of a StatefulSet, as its controller counts them. */
export const replicaName = (name: string, index: number): string => `${name}-${index}`;

/** Where the pods of a Workload may run and store: what holds for all, and what is said of it. */
export function placementOf({ options }: Cluster, name: string) {
  const { nodeSelector, tolerations, storageClass, placement } = options;
  const own = (placement as Partial<Record<string, (typeof placement)["tempo"]>>)[name];
  return {
    nodeSelector: { ...nodeSelector, ...own?.nodeSelector },
    // Without an operator a value that is left out would be the empty one, not any.
    tolerations: [...tolerations, ...(own?.tolerations ?? [])].map((toleration) => ({
      operator: toleration.value === undefined ? "Exists" : "Equal",
      ...toleration,
    })),
    storageClass: own?.storageClass ?? storageClass,
  };
}

/** Label of what an object belongs to. */
export const NAME_LABEL = "app.kubernetes.io/name";

/** Labels by which the pods of a Workload are selected. They never change: a selector cannot. */
export function selectorOf({ stack }: Cluster, name: string): Record<string, string> {
  return { "app.kubernetes.io/instance": stack, [NAME_LABEL]: name };
}

/** Labels of every object, with what it belongs to. */
export function labelsOf(cluster: Cluster, name: string): Record<string, string> {
  return {
    ...selectorOf(cluster, name),
    "app.kubernetes.io/managed-by": "tracekeep",
    "app.kubernetes.io/part-of": "tracekeep",
  };
}

/** Every pod of a namespace, as a policy names it. */
export const namespaceNamed = (name: string) => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
});

/** Labels of the pods of an application that the stack does not run. */
export const applicationLabels = ({ stack }: Cluster, name: string): Record<string, string> => ({
  [SENDER_LABEL]: stack,
  [APPLICATION_LABEL]: name,
});
