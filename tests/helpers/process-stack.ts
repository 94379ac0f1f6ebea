import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import {
  OPERATOR,
  VERIFICATION,
  type CertificateSpec,
} from "../../components/pki/certificate-spec";
import { guardName } from "../../components/guard/name";
import { hasTwoTiers, openListeners } from "../../components/stack/connections";
import { GUARDED, listenersOf } from "../../components/stack/listeners";
import type { SecretName } from "../../components/stack/secrets";
import { WORKLOADS } from "../../components/stack/workloads";
import {
  verificationExpectations,
  type VerificationTarget,
} from "../../components/verification/target";
import type { StackConfig } from "../../config/parse";
import { SERVICES, type ServiceName } from "../../config/services";
import type { Layout } from "../../targets/layout";
import type { ConfigFile, Workload } from "../../targets/workload";
import { headlessName, withHosts } from "./hosts";
import { mountOf } from "./mounts";
import { clusterVariables, withAccount, type PodAccount } from "./pod-account";
import { issuePki, replaceFile, type Pki, type ReissueOptions } from "./pki";
import { freePort } from "./ports";
import { replicaAddress, replicaName, specsOf } from "./replicas";
import { ServerProcess } from "./server-process";
import { programPath, type Program } from "./servers";

/** What a mutation may put into a document in place of what belongs there. */
export interface Places {
  layout: Layout;
  /** Trust bundle of another PKI whose names are all the same. */
  foreignTrust: string;
  /** Which of the service's replicas it is, counted from 0. */
  replica: number;
}

/** Breaks a service on purpose: what runs is the Workload that it returns. */
export type Mutation = (workload: Workload, places: Places) => Workload;

/** A mutation of one service's documents: `edit` gets each of them and its base name. */
export function editFiles(
  service: ServiceName,
  edit: (file: ConfigFile, places: Places) => ConfigFile,
): Mutation {
  return (workload, places) =>
    workload.name === service
      ? { ...workload, files: workload.files.map((file) => edit(file, places)) }
      : workload;
}

export interface ProcessStackOptions {
  config: StackConfig;
  /** The services that are started; the others' ports stay closed. */
  services: readonly ServiceName[];
  mutate?: Mutation;
  /** Runs before the first service starts; the stack's directory is there, and empty of services. */
  before?: (stack: ProcessStack) => void | Promise<void>;
  /** What differs from the certificate specifications, by identity. */
  certificates?: Readonly<Record<string, Partial<CertificateSpec>>>;
  /** Values of secrets; those left out get a value of their own. */
  secrets?: Partial<Record<SecretName, string>>;
  /** Whether to wait until every service is ready. Default: true. */
  waitReady?: boolean;
  /** Milliseconds until a service must be ready. */
  readyTimeout?: number;
  /** Services that look up the names of replicas in the stack's hosts file (see `tests/helpers/hosts.ts`). */
  lookUp?: readonly ServiceName[];
  /** Programs in place of a service's own, such as another version of it. */
  programs?: Partial<Record<ServiceName, Program>>;
  /** Whether stores have their guards; without, the collector dials the stores themselves. */
  guards?: boolean;
  /** Accounts of a cluster with which services ask its API, as from a pod. */
  accounts?: Partial<Record<ServiceName, PodAccount>>;
}

async function allocatePorts({
  config,
  guards = false,
}: ProcessStackOptions): Promise<Record<ServiceName, Record<string, number>>> {
  const ports = {} as Record<ServiceName, Record<string, number>>;
  for (const service of SERVICES) {
    ports[service] = {};
    for (const name of Object.keys(listenersOf(service))) ports[service][name] = await freePort();
  }
  if (!guards) {
    ports.tempo[GUARDED] = ports.tempo.otlpGrpc;
    ports.prometheus[GUARDED] = ports.prometheus.http;
  }
  // Its intake is at the collector's name.
  if (hasTwoTiers(config)) {
    const { otlpGrpc, otlpHttp } = ports["collector-gateway"];
    Object.assign(ports.collector, { otlpGrpc, otlpHttp });
  }
  return ports;
}

interface Replica {
  service: ServiceName;
  index: number;
  workload: Workload;
  process: ServerProcess;
}

const write = async (path: string, content: string) => {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content, { mode: 0o600 });
};

/** Real servers as processes on loopback ports, with the stack's own documents and certificates. */
export class ProcessStack {
  /** The Workload of each service that was started, its first replica's where there are more. */
  readonly workloads: Partial<Record<ServiceName, Workload>> = {};
  readonly #replicas = new Map<string, Replica>();
  readonly #beside = new Map<string, ServerProcess>();
  readonly #options: ProcessStackOptions;
  readonly #programs: Partial<Record<ServiceName, Program>>;

  private constructor(
    readonly config: StackConfig,
    /** Directory of everything; removed by `stop`. */
    readonly directory: string,
    readonly pki: Pki,
    /** A PKI whose names are all the same, under another root. */
    readonly foreign: Pki,
    readonly ports: Record<ServiceName, Record<string, number>>,
    readonly secrets: Readonly<Record<SecretName, string>>,
    options: ProcessStackOptions,
  ) {
    this.#options = options;
    this.#programs = { ...options.programs };
  }

  static async start(options: ProcessStackOptions): Promise<ProcessStack> {
    const { config } = options;
    const directory = await mkdtemp(join(tmpdir(), "tracekeep-"));
    const specs = specsOf(config);
    const pki = await issuePki(directory, specs, { overrides: options.certificates });
    const foreign = await issuePki(join(directory, "foreign"), specs);
    const secrets = new Proxy({} as Record<SecretName, string>, {
      get: (_, name: SecretName) => options.secrets?.[name] ?? `secret-of-${name}`,
    });
    const stack = new ProcessStack(
      config,
      directory,
      pki,
      foreign,
      await allocatePorts(options),
      secrets,
      options,
    );
    try {
      await options.before?.(stack);
      await stack.#launch(options);
    } catch (error) {
      await stack.stop();
      throw error;
    }
    return stack;
  }

  /** Where a service, or one of its replicas, finds its files and its peers. */
  layout(service: ServiceName, replica = 0): Layout {
    const own = join(this.directory, replicaName(service, replica));
    return {
      config: join(own, "config"),
      trust: this.pki.trust,
      identity: this.pki.identity(service),
      secrets: join(own, "secrets"),
      data: join(own, "data"),
      dataMount: mountOf(own),
      scratch: join(own, "scratch"),
      bind: replicaAddress(replica),
      loopback: replicaAddress(replica),
      probeBind: replicaAddress(replica),
      containerLogs: this.config.target === "kubernetes" ? "pods" : "json-file",
      listen: (listener) => this.port(service, listener),
      peer: (peer, listener) => `127.0.0.1:${this.port(peer, listener)}`,
      behind: (listener) => `127.0.0.1:${this.port(service, listener)}`,
      replica: (peer, index, listener) => `${replicaAddress(index)}:${this.port(peer, listener)}`,
      replicas: (peer, listener) => `${headlessName(peer)}:${this.port(peer, listener)}`,
      self: (listener) => `${replicaAddress(replica)}:${this.port(service, listener)}`,
      selfAddress: (listener) => `${replicaAddress(replica)}:${this.port(service, listener)}`,
    };
  }

  port(service: ServiceName, listener: string): number {
    const port = this.ports[service][listener];
    if (port === undefined) throw new Error(`${service} has no listener "${listener}"`);
    return port;
  }

  /** What the verification needs to check the services that were started. */
  target(): VerificationTarget {
    const started = [...new Set([...this.#replicas.values()].map(({ service }) => service))];
    const running = <T extends string>(names: readonly T[]) =>
      names.filter((name) => (started as string[]).includes(name));
    const expected = verificationExpectations(this.config);
    const read = (path: string) => readFileSync(path, "utf8");
    const identity = (name: string) => ({
      certificate: read(join(this.pki.identity(name), "tls.crt")),
      key: read(join(this.pki.identity(name), "tls.key")),
    });
    return {
      ...expected,
      services: started,
      jobs: running(expected.jobs),
      pushers: running(expected.pushers),
      dataSources: running(expected.dataSources),
      endpoints: Object.fromEntries(
        started.map((service) => [
          service,
          Object.fromEntries(
            Object.keys(openListeners(this.config, service)).map((listener) => [
              listener,
              `127.0.0.1:${this.port(service, listener)}`,
            ]),
          ),
        ]),
      ),
      tls: { root: read(join(this.pki.trust, "root.crt")) },
      application: identity(VERIFICATION),
      operator: identity(OPERATOR),
      qdrant: {
        apiKey: this.secrets.qdrantApiKey,
        readOnlyKey: this.secrets.qdrantReadOnlyKey,
      },
      grafana: {
        user: this.config.grafana.adminUser,
        password: this.secrets.grafanaAdminPassword,
      },
    };
  }

  /** The process of a service, or of one of its replicas, that this stack was started with. */
  process(service: ServiceName, replica = 0): ServerProcess {
    const name = replicaName(service, replica);
    const started = this.#replicas.get(name);
    if (!started) throw new Error(`this stack was started without ${name}`);
    return started.process;
  }

  /** The process that stands before a store, where the stack was started with guards. */
  guard(store: ServiceName): ServerProcess {
    const started = this.#beside.get(guardName(store));
    if (!started) throw new Error(`this stack was started without a guard of ${store}`);
    return started;
  }

  /** The last lines of a service's output. */
  log(service: ServiceName, lines?: number, replica?: number): string {
    return this.process(service, replica).log(lines);
  }

  /** Sends a signal and waits for the process's end. */
  async kill(
    service: ServiceName,
    signal: NodeJS.Signals = "SIGKILL",
    replica?: number,
  ): Promise<void> {
    await this.process(service, replica).stop(signal);
  }

  /** Ends a service as its target does, and waits for the process's end. */
  async end(service: ServiceName): Promise<void> {
    await this.process(service).stop();
  }

  /** Ends a service, if it still runs, and starts it again with the same files and ports. */
  async restart(service: ServiceName, replica?: number): Promise<void> {
    const process = this.process(service, replica);
    await process.stop();
    process.start();
    await process.ready();
  }

  /**
   * Ends a service as its target does and starts another program in its place, with the same files,
   * ports and data.
   *
   * @returns once it is ready.
   */
  async replaceProgram(service: ServiceName, program: Program): Promise<void> {
    const workload = this.workloads[service];
    if (!workload) throw new Error(`this stack was started without ${service}`);
    await this.process(service).stop();
    this.#programs[service] = program;
    await this.#start(service, 0, workload);
    await this.process(service).ready();
  }

  /** Kills every process, for nothing of it is wanted any more, and removes the directory. */
  async stop(): Promise<void> {
    const processes = [...this.#replicas.values()].map(({ process }) => process);
    const all = [...processes, ...this.#beside.values()];
    await Promise.all(all.map((process) => process.stop("SIGKILL")));
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  /**
   * Undoes what the stack was broken with: certificates and documents as they should be, and a
   * restart of the services that had others. Data and ports stay.
   */
  async mend(): Promise<void> {
    const { certificates = {} } = this.#options;
    for (const { service, index, workload, process } of [...this.#replicas.values()]) {
      const plain = this.#workload(service, index);
      const differs = JSON.stringify(workload) !== JSON.stringify(plain);
      if (!differs && !(service in certificates)) continue;
      if (service in certificates) await this.renew(service);
      await process.stop();
      await this.#start(service, index, plain);
    }
    await this.#ready();
  }

  /**
   * Starts one more replica than the configuration has, or one again with other documents.
   *
   * @returns once it listens, or throws with the end of its log.
   */
  async startReplica(service: ServiceName, index: number, mutate?: Mutation): Promise<void> {
    await this.#replicas.get(replicaName(service, index))?.process.stop();
    await this.#prepare(service, index, mutate);
    await this.process(service, index).ready();
  }

  /** Issues a leaf anew in place, as a renewal does, with what is told of it. @returns its serial. */
  async renew(name: string, options?: ReissueOptions): Promise<string> {
    const serial = await this.pki.reissue(name, options);
    for (const workload of Object.values(this.workloads)) await this.#writeLiveFiles(workload);
    return serial;
  }

  async #writeLiveFiles({ identities }: Workload): Promise<void> {
    for (const { path, render } of identities.flatMap(({ liveFiles = [] }) => liveFiles)) {
      await replaceFile(path, render(await this.pki.issued()));
    }
  }

  #workload(service: ServiceName, replica: number): Workload {
    return WORKLOADS[service]({ config: this.config, layout: this.layout(service, replica) });
  }

  async #start(service: ServiceName, index: number, workload: Workload): Promise<void> {
    const layout = this.layout(service, index);
    const name = replicaName(service, index);
    if (index === 0) this.workloads[service] = workload;
    for (const { path, content } of workload.files) await write(path, content);
    for (const file of workload.secretFiles) {
      await write(file.path, file.render(file.secrets.map((secret) => this.secrets[secret])));
    }
    await this.#writeLiveFiles(workload);
    const { probe } = workload;
    const { replicaNameVariable } = workload;
    // Words after the image's program belong to the command line, whatever the image calls it.
    const words = [...(workload.entrypoint?.slice(1) ?? []), ...workload.args];
    const command = [programPath(this.#programs[service] ?? service), ...words];
    const { lookUp = [], accounts = {} } = this.#options;
    const account = accounts[service];
    const named = lookUp.includes(service) ? withHosts(this.directory, command) : command;
    const [program, ...args] = account ? withAccount(account, named) : named;
    const process = new ServerProcess({
      name,
      program,
      args,
      env: {
        TMPDIR: layout.scratch,
        ...(replicaNameVariable && { [replicaNameVariable]: `${service}-${index}` }),
        ...(account && clusterVariables(account)),
        ...workload.env,
        ...(workload.hostNameVariable && { [workload.hostNameVariable]: "node-1" }),
      },
      directory: layout.scratch,
      log: join(this.directory, `${basename(name)}.log`),
      host: layout.bind,
      ports: Object.keys(openListeners(this.config, service))
        .filter((listener) => listener !== GUARDED)
        .map((listener) => this.port(service, listener)),
      // In its container it is alone.
      probe:
        probe.kind === "exec"
          ? probe.command.map((word) =>
              index === 0 ? word : word.replace("localhost", layout.bind),
            )
          : undefined,
      readyTimeout: this.#options.readyTimeout,
      stopGrace: workload.stopGrace * 1000,
      ...(workload.endsByKill && { stopSignal: "SIGKILL" }),
    });
    this.#replicas.set(name, { service, index, workload, process });
    process.start();
    if (!this.#options.guards) return;
    for (const other of workload.beside ?? []) await this.#startBeside(service, layout, other);
  }

  /** Starts what stands before a service, with processes of its own as in a container. */
  async #startBeside(service: ServiceName, layout: Layout, beside: Workload): Promise<void> {
    const { name, entrypoint = [], args, env, files, stopGrace } = beside;
    for (const { path, content } of files) await write(path, content);
    const process = new ServerProcess({
      name,
      program: "unshare",
      args: ["--pid", "--fork", "--kill-child", ...entrypoint, ...args],
      env,
      directory: layout.scratch,
      log: join(this.directory, `${name}.log`),
      host: layout.bind,
      ports: [this.port(service, GUARDED)],
      stopGrace: stopGrace * 1000,
    });
    this.#beside.set(name, process);
    process.start();
  }

  async #prepare(service: ServiceName, index: number, mutate?: Mutation): Promise<Workload> {
    const layout = this.layout(service, index);
    for (const directory of [layout.config, layout.secrets, layout.data, layout.scratch]) {
      await mkdir(directory, { recursive: true });
    }
    const plain = this.#workload(service, index);
    const places = { layout, foreignTrust: this.foreign.trust, replica: index };
    await this.#start(service, index, mutate?.(plain, places) ?? plain);
    return plain;
  }

  async #ready(): Promise<void> {
    await Promise.all([...this.#replicas.values()].map(({ process }) => process.ready()));
  }

  async #launch({ services, mutate, waitReady }: ProcessStackOptions): Promise<void> {
    for (const service of services) {
      const { replicas = 1 } = await this.#prepare(service, 0, mutate);
      for (let index = 1; index < replicas; index++) {
        // One that ends because the first is not there yet would be started again by its target.
        await this.process(service, index - 1).ready();
        await this.#prepare(service, index, mutate);
      }
      // Who dials a replica that does not listen yet tries again only after gRPC's backoff; a target
      // gives no name to one that is not ready.
      if (replicas > 1) await this.process(service, replicas - 1).ready();
    }
    if (waitReady !== false) await this.#ready();
  }
}

/** Starts real servers; `stop` must follow. @throws with the end of a log if one does not come up. */
export const startStack = (options: ProcessStackOptions): Promise<ProcessStack> =>
  ProcessStack.start(options);
