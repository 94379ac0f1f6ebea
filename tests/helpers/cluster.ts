import { writeFile } from "node:fs/promises";
import { ApiServer, type ApiServerOptions } from "./api-server";
import { node, persistentVolume, storageClass, type Manifest } from "./cluster-objects";
import { kubeletConfig, type PodProcesses } from "./cluster-kubelet";
import { freePort } from "./ports";
import type { Program } from "./servers";

/** What a cluster's own servers are. */
export const CONTROL_PLANE: readonly Program[] = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
];

/** What a cluster of the tests is made of. */
export const CLUSTER_PROGRAMS: readonly Program[] = [...CONTROL_PLANE, "kwok"];

export interface ClusterOptions {
  /** Nodes. Default: 2. */
  nodes?: number;
  /** Volumes that claims may bind to. Default: 24. */
  volumes?: number;
  /** Pods that a forward reaches. Default: none. */
  processes?: readonly PodProcesses[];
}

/** Storage class of the volumes, which is the default. */
export const STORAGE_CLASS = "standard";

/**
 * A cluster without containers: a real API server, controllers and scheduler, and nodes whose
 * kubelet is simulated: it says of every pod that it runs.
 */
export class Cluster {
  private constructor(readonly api: ApiServer) {}

  /** Starts all of it, on loopback. `stop` must follow. */
  static start(options: ClusterOptions = {}): Promise<Cluster> {
    return Cluster.#started({}, (cluster) => cluster.#launch(options));
  }

  /** Starts one that has no nodes, at an address where they reach it. `stop` must follow. */
  static startBare(address: string): Promise<Cluster> {
    return Cluster.#started({ address }, (cluster) => cluster.#launchControllers());
  }

  static async #started(
    options: ApiServerOptions,
    launch: (cluster: Cluster) => Promise<void>,
  ): Promise<Cluster> {
    const cluster = new Cluster(await ApiServer.start({ accounts: true, ...options }));
    try {
      await launch(cluster);
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  async #launchControllers(): Promise<void> {
    const { api } = this;
    const [manager, scheduler] = [await freePort(), await freePort()];
    const common = (port: number, name: string) => [
      `--kubeconfig=${api.kubeconfig}`,
      "--bind-address=127.0.0.1",
      `--secure-port=${port}`,
      `--cert-dir=${api.at(name)}`,
      "--leader-elect=false",
    ];
    await Promise.all([
      api.run(
        "kube-controller-manager",
        [manager],
        [
          ...common(manager, "manager"),
          `--service-account-private-key-file=${api.at("accounts.key")}`,
          `--root-ca-file=${api.at("certificates/apiserver.crt")}`,
        ],
        "512MiB",
      ),
      api.run("kube-scheduler", [scheduler], common(scheduler, "scheduler"), "256MiB"),
    ]);
  }

  async #launch({ nodes = 2, volumes = 24, processes = [] }: ClusterOptions): Promise<void> {
    const { api } = this;
    const names = (prefix: string, count: number) =>
      Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
    const kubelet = await freePort();
    await writeFile(api.at("kwok.yaml"), kubeletConfig(processes));
    await Promise.all([
      this.#launchControllers(),
      api.run(
        "kwok",
        [kubelet],
        [
          `--kubeconfig=${api.kubeconfig}`,
          `--config=${api.at("kwok.yaml")}`,
          "--manage-all-nodes",
          "--node-ip=127.0.0.1",
          `--node-port=${kubelet}`,
          `--server-address=127.0.0.1:${kubelet}`,
          `--tls-cert-file=${api.at("certificates/apiserver.crt")}`,
          `--tls-private-key-file=${api.at("certificates/apiserver.key")}`,
          "--node-lease-duration-seconds=40",
        ],
        "256MiB",
      ),
    ]);
    await this.make(
      ...names("node", nodes).map(node),
      storageClass(STORAGE_CLASS, true),
      ...names("volume", volumes).map((name) => persistentVolume(name, STORAGE_CLASS)),
    );
  }

  /** Makes objects, in their order. @throws with the server's answer to one that it refuses. */
  async make(...manifests: Manifest[]): Promise<void> {
    for (const manifest of manifests) {
      const { status, body } = await this.api.create(manifest);
      if (status !== 201) throw new Error(`${manifest.kind} ${manifest.metadata.name}: ${body}`);
    }
  }

  /** Applies objects, in their order. @throws with the server's answer to one that it refuses. */
  async apply(manifests: readonly Manifest[]): Promise<void> {
    for (const manifest of manifests) {
      const { status, body } = await this.api.apply(manifest);
      if (status > 201) throw new Error(`${manifest.kind} ${manifest.metadata.name}: ${body}`);
    }
  }

  /** What is at a path, which must be there. @throws with another answer of the server. */
  async get<T>(path: string): Promise<T> {
    const { status, body } = await this.api.ask(path);
    if (status !== 200) throw new Error(`${path}: ${body}`);
    return JSON.parse(body) as T;
  }

  /** The objects of a collection. */
  async list<T>(path: string): Promise<T[]> {
    return (await this.get<{ items: T[] }>(path)).items;
  }

  stop(): Promise<void> {
    return this.api.stop();
  }
}
