import type { StackConfig } from "../../config/parse";

type Options = StackConfig["kubernetes"];

/** What every object of one stack on one cluster shares. */
export interface Cluster {
  /** Name of the stack, for labels. */
  stack: string;
  namespace: string;
  options: Options;
}

export function clusterOf(config: StackConfig): Cluster {
  return {
    stack: config.stack,
    namespace: config.kubernetes.namespace ?? config.namePrefix,
    options: config.kubernetes,
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

/** Label of a pod, in whatever namespace, that may send to the intake. */
export const SENDER_LABEL = "tracekeep.io/sends-to";
