import type { Cluster } from "./cluster";
import { eventually } from "./ports";

/** A StatefulSet or Deployment, as the API server has it. */
export interface Controller {
  kind: string;
  metadata: { name: string; generation: number };
  spec: { replicas: number };
  status: {
    observedGeneration?: number;
    replicas?: number;
    readyReplicas?: number;
    updatedReplicas?: number;
  };
}

export interface Pod {
  metadata: {
    name: string;
    uid: string;
    labels: Record<string, string>;
    deletionTimestamp?: string;
  };
  spec: {
    nodeName?: string;
    volumes: {
      name: string;
      configMap?: { name: string; items?: { key: string }[] };
      secret?: { secretName: string; items?: { key: string }[] };
      persistentVolumeClaim?: { claimName: string };
    }[];
  };
  status: {
    phase: string;
    conditions?: { type: string; status: string; message?: string }[];
  };
}

/** Every StatefulSet and Deployment of a namespace, by name. */
export async function controllersIn(cluster: Cluster, namespace: string): Promise<Controller[]> {
  const kinds = ["StatefulSet", "Deployment"];
  const lists = await Promise.all(
    kinds.map(async (kind) => {
      const path = `/apis/apps/v1/namespaces/${namespace}/${kind.toLowerCase()}s`;
      return (await cluster.list<Controller>(path)).map((item) => ({ ...item, kind }));
    }),
  );
  return lists.flat().sort((a, b) => a.metadata.name.localeCompare(b.metadata.name));
}

export const podsIn = (cluster: Cluster, namespace: string): Promise<Pod[]> =>
  cluster.list<Pod>(`/api/v1/namespaces/${namespace}/pods`);

/** What a rollout still lacks; undefined once it is done. */
function lacking({ metadata, spec, status }: Controller): string | undefined {
  const { observedGeneration = 0, replicas, readyReplicas = 0, updatedReplicas = 0 } = status;
  if (observedGeneration < metadata.generation) return `${metadata.name} was not looked at`;
  const counts = { replicas, readyReplicas, updatedReplicas };
  return Object.values(counts).every((count) => count === spec.replicas)
    ? undefined
    : `${metadata.name} has ${JSON.stringify(counts)} of ${spec.replicas}`;
}

/** Milliseconds: three replicas, one after the other, each with 20 s to catch up, on a busy machine. */
const ROLLED_OUT_WITHIN = 150_000;

/** Waits until every rollout of a namespace is done. @throws with what is lacking in the end. */
export function rolledOut(cluster: Cluster, namespace: string): Promise<Controller[]> {
  return eventually(
    async () => {
      const controllers = await controllersIn(cluster, namespace);
      const problems = controllers.flatMap((controller) => lacking(controller) ?? []);
      if (controllers.length === 0 || problems.length > 0) {
        throw new Error(`no rollout to its end: ${problems.join("; ") || "nothing there"}`);
      }
      return controllers;
    },
    { timeout: ROLLED_OUT_WITHIN, interval: 200 },
  );
}

/** Unique ids of the pods that are to stay, by name. */
export async function podIds(cluster: Cluster, namespace: string): Promise<Record<string, string>> {
  const pods = await podsIn(cluster, namespace);
  return Object.fromEntries(
    pods
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata }) => [metadata.name, metadata.uid] as const)
      .sort(([a], [b]) => a.localeCompare(b)),
  );
}

/** Name of a pod's controller. A Deployment's pods have the hash of their template in their names. */
export const ownerOf = (pod: string): string =>
  pod.replace(/(-[a-z0-9]{6,10}-[a-z0-9]{5}|-\d+)$/, "");

/** Names of controllers whose pods are others than before. */
export function ownersOfOthers(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): string[] {
  const pods = Object.keys({ ...before, ...after }).filter((pod) => before[pod] !== after[pod]);
  return [...new Set(pods.map(ownerOf))].sort();
}

/** Generations of controllers, which count the changes of what was asked of them. */
export const generationsOf = (controllers: readonly Controller[]): Record<string, number> =>
  Object.fromEntries(controllers.map(({ metadata: { name, generation } }) => [name, generation]));
