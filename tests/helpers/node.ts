import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rmdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { STORAGE_CLASS, type Cluster } from "./cluster";
import { localVolume, storageClass } from "./cluster-objects";
import { Machine } from "./machine";
import { nodeDocuments } from "./node-documents";
import { PolicyLoop } from "./policy-loop";
import { eventually } from "./ports";
import { ServerProcess } from "./server-process";
import { programPath, type Program } from "./servers";

const run = promisify(execFile);

/** Programs of a node with containers, besides those of the machine that it runs on. */
export const NODE_PROGRAMS: readonly Program[] = ["containerd", "kubelet", "kube-proxy"];

/** Directory of the plugins that give pods their network. */
export const cniPlugins = (): string | undefined =>
  ["/usr/lib/cni", "/opt/cni/bin"].find((directory) => existsSync(join(directory, "ptp")));

/** Name of the node. */
const NODE = "node-1";

const CGROUPS = "/sys/fs/cgroup";

/** The hierarchies of control groups; one where they are unified. */
async function hierarchies(): Promise<string[]> {
  if (existsSync(join(CGROUPS, "cgroup.controllers"))) return [CGROUPS];
  return (await readdir(CGROUPS)).map((name) => join(CGROUPS, name));
}

async function removeGroup(path: string): Promise<void> {
  if (!existsSync(path)) return;
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeGroup(join(path, entry.name));
  }
  await rmdir(path);
}

interface NodeImages {
  /** Image whose process holds a pod's namespaces. */
  pause: string;
  /** What else its pods run; like it, an image that this machine's Docker has. */
  images: readonly string[];
}

interface NodeObject {
  status: { conditions?: { type: string; status: string }[] };
}

/** A node whose containers run: containerd, kubelet and kube-proxy, in a machine of its own. */
export class RealNode {
  readonly #servers: ServerProcess[] = [];
  #filter: PolicyLoop | undefined;

  private constructor(
    readonly machine: Machine,
    private readonly cgroup: string,
  ) {}

  /** Starts its machine, in a directory that is there. `stop` must follow. */
  static async start(directory: string): Promise<RealNode> {
    const machine = await Machine.start(directory);
    const node = new RealNode(machine, `/${basename(directory)}`);
    for (const one of await hierarchies()) await mkdir(join(one, node.cgroup), { recursive: true });
    return node;
  }

  #at(name: string): string {
    return join(this.machine.directory, name);
  }

  #run(program: Program, args: readonly string[]): ServerProcess {
    const [command, ...rest] = this.machine.inside(programPath(program), args);
    const server = new ServerProcess({
      name: program,
      program: command,
      args: rest,
      env: { GOMEMLIMIT: "512MiB" },
      directory: this.machine.directory,
      log: this.#at(`${program}.log`),
      ports: [],
      stopGrace: 1000,
    });
    server.start();
    this.#servers.push(server);
    return server;
  }

  /** Starts what runs containers. @returns once it answers. */
  async #launchRuntime(): Promise<void> {
    const runtime = this.#run("containerd", [`--config=${this.#at("containerd.toml")}`]);
    await eventually(() => {
      try {
        return Promise.resolve(this.machine.run("ctr", "version"));
      } catch {
        return Promise.reject(new Error(`containerd does not answer:\n${runtime.log()}`));
      }
    });
  }

  /** Puts images of Docker on the node. */
  async #load(references: readonly string[]): Promise<void> {
    const take = ["--namespace=k8s.io", "images", "import", "-"];
    const load = 'set -o pipefail; images=$1; shift; docker save $images | "$@"';
    const args = [references.join(" "), ...this.machine.inside("ctr", take)];
    await run("bash", ["-c", load, "load", ...args], { maxBuffer: 2 ** 24 });
  }

  /** Adds it to a cluster. @returns once the cluster has it as ready. */
  async join(cluster: Cluster, { pause, images }: NodeImages): Promise<void> {
    const { machine } = this;
    const { api } = cluster;
    const documents = nodeDocuments({
      directory: machine.directory,
      address: machine.address,
      kubeconfig: api.kubeconfig,
      apiClient: api.kubeletClient,
      cgroupRoot: this.cgroup,
      cniPlugins: cniPlugins()!,
      pauseImage: pause,
    });
    for (const [name, text] of Object.entries(documents)) {
      await mkdir(dirname(this.#at(name)), { recursive: true });
      await writeFile(this.#at(name), text);
    }
    await this.#launchRuntime();
    await this.#load([pause, ...images]);
    const named = `--hostname-override=${NODE}`;
    const [config, kubeconfig] = [this.#at("kubelet.yaml"), api.kubeconfig];
    const kubelet = this.#run("kubelet", [
      ...[`--config=${config}`, `--kubeconfig=${kubeconfig}`, named],
      `--node-ip=${machine.address}`,
    ]);
    this.#run("kube-proxy", [`--config=${this.#at("kube-proxy.yaml")}`, named]);
    await eventually(
      async () => {
        const { status, body } = await api.ask(`/api/v1/nodes/${NODE}`);
        const { conditions = [] } = status === 200 ? (JSON.parse(body) as NodeObject).status : {};
        if (conditions.some(({ type, status: is }) => type === "Ready" && is === "True")) return;
        throw new Error(`the node is not ready: ${JSON.stringify(conditions)}\n${kubelet.log()}`);
      },
      { timeout: 60_000, interval: 500 },
    );
    this.#filter = new PolicyLoop(cluster, machine);
  }

  /** Volumes of its own for the cluster's claims; root's and empty, as whoever makes them leaves them. */
  async offerVolumes(cluster: Cluster, count: number): Promise<void> {
    await cluster.make(storageClass(STORAGE_CLASS, true));
    for (let index = 0; index < count; index++) {
      const name = `volume-${index}`;
      this.machine.run("mkdir", "-p", `/var/lib/volumes/${name}`);
      await cluster.make(localVolume(name, STORAGE_CLASS, `/var/lib/volumes/${name}`, NODE));
    }
  }

  /** Directory of a volume that the kubelet made for a pod, such as `secret/tempo-identity`. */
  volumePath(pod: string, volume: string): string {
    return `/var/lib/kubelet/pods/${pod}/volumes/kubernetes.io~${volume}`;
  }

  /** Serial number of the certificate that is shown at an address that the node reaches. */
  servedSerial(address: string, serverName: string): string {
    const ask = `openssl s_client -connect ${address} -servername ${serverName} </dev/null 2>/dev/null`;
    const shown = this.machine.run("sh", "-c", `${ask} | openssl x509 -noout -serial`);
    return shown.replace("serial=", "");
  }

  /** Whether a TCP connection from the network of a pod comes about. */
  reaches(from: string, to: string, port: number): boolean {
    const namespaces = this.machine.run("ls", "/run/netns").split("\n");
    const home = namespaces.find((name) =>
      this.machine.run("ip", "-n", name, "-4", "address").includes(` ${from}/`),
    );
    if (home === undefined) throw new Error(`no pod has the address ${from}`);
    const dial = `timeout 3 bash -c 'echo > /dev/tcp/${to}/${port}' 2>&- && echo yes || echo no`;
    return this.machine.run("ip", "netns", "exec", home, "bash", "-c", dial) === "yes";
  }

  /** Ends it with its containers, and removes what it left in this machine. */
  async stop(): Promise<void> {
    await this.#filter?.stop();
    await this.machine.stop();
    for (const server of this.#servers) await server.stop("SIGKILL");
    await eventually(
      async () => {
        for (const one of await hierarchies()) await removeGroup(join(one, this.cgroup));
      },
      { timeout: 20_000 },
    );
  }
}
