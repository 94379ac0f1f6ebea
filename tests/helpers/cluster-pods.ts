import type { ApiServer } from "./api-server";

/** A pod that nothing runs: what the API says of it is all that there is. */
export interface PodOptions {
  name: string;
  namespace: string;
  /** Its address, and that it runs, or another phase. */
  address: string;
  phase?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  /** Ports that its container declares. */
  ports?: number[];
  /** What runs it. */
  owner?: { apiVersion: string; kind: string; name: string };
}

const pathOf = ({ namespace, name }: Pick<PodOptions, "namespace" | "name">) =>
  `/api/v1/namespaces/${namespace}/pods/${name}`;

async function must(answer: Promise<{ status: number; body: string }>): Promise<string> {
  const { status, body } = await answer;
  if (status > 201) throw new Error(body);
  return body;
}

/** Makes a namespace. */
export const makeNamespace = (api: ApiServer, name: string) =>
  must(api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } }));

/** Makes a pod and says of it what its kubelet would. @returns its uid. */
export async function makePod(api: ApiServer, options: PodOptions): Promise<string> {
  const { name, namespace, address, phase = "Running", ports = [], owner } = options;
  const manifest = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace,
      labels: options.labels,
      annotations: options.annotations,
      ...(owner && { ownerReferences: [{ ...owner, uid: "1", controller: true }] }),
    },
    spec: {
      nodeName: "node-1",
      containers: [
        {
          name: "main",
          image: "example.org/app:1",
          ports: ports.map((containerPort) => ({ containerPort })),
        },
      ],
    },
  };
  const made = await must(api.create(manifest));
  const status = { phase, podIP: address, podIPs: [{ ip: address }] };
  await must(
    api.ask(
      `${pathOf(options)}/status`,
      "PATCH",
      JSON.stringify({ status }),
      "application/merge-patch+json",
    ),
  );
  return (JSON.parse(made) as { metadata: { uid: string } }).metadata.uid;
}

/** Removes a pod at once. */
export const removePod = (api: ApiServer, pod: Pick<PodOptions, "namespace" | "name">) =>
  must(api.ask(`${pathOf(pod)}?gracePeriodSeconds=0`, "DELETE"));
