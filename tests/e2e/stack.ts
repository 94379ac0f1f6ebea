import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { stringify } from "yaml";
import { DIALLED_SERVICES, type DialledService } from "../../config/services";
import { freePort } from "../helpers/ports";
import { npmRun, type Inside, type Ran } from "./command";
import { testImages } from "./images";
import { PUBLISHED_IMAGES } from "./needs";

export type Options = Record<string, unknown>;

const OPTIONAL = ["grafana", "jaeger", "qdrant", "alertmanager"] as const;
const isOptional = (name: string) => (OPTIONAL as readonly string[]).includes(name);

/** Where this machine's Docker keeps its containers. */
export function containersDirectory(): string {
  const socket = ["--host", "unix:///var/run/docker.sock"];
  const root = execFileSync("docker", [...socket, "info", "--format", "{{.DockerRootDir}}"]);
  return `${root.toString().trim()}/containers`;
}

/** Every published port, at a free one. */
export async function freePorts(): Promise<Record<string, Record<string, number>>> {
  const single: Partial<Record<DialledService, string>> = { grafana: "https", qdrant: "rest" };
  const ports: Record<string, Record<string, number>> = {
    collector: { otlpGrpc: await freePort(), otlpHttp: await freePort() },
  };
  for (const service of DIALLED_SERVICES.filter((name) => name !== "collector")) {
    ports[service] = { [single[service] ?? "http"]: await freePort() };
  }
  return ports;
}

/** Options of a stack of this machine's images; what there is no image of is off, and named. */
export function imageOptions(): Options {
  if (PUBLISHED_IMAGES) return {};
  const { images, missing } = testImages();
  const off = Object.keys(missing).filter(isOptional);
  return {
    images: { pull: false, overrides: images },
    ...Object.fromEntries(off.map((service) => [service, { enabled: false }])),
  };
}

/** A Docker daemon other than this machine's. */
export interface OtherDaemon {
  socket: string;
  /** Where what it publishes is reached. */
  inside: Inside;
}

/** A stack of its own: name, file and state in a temporary directory, apart from the tree. */
export class TestStack {
  readonly name = `e2e-${randomBytes(3).toString("hex")}`;
  readonly home = mkdtempSync(join(tmpdir(), "tracekeep-e2e-"));
  readonly docker: Docker;
  #options: Options;

  constructor(
    options: Options,
    readonly daemon?: OtherDaemon,
  ) {
    this.docker = new Docker({ socketPath: daemon?.socket ?? "/var/run/docker.sock" });
    this.#options = {
      ...options,
      ...(daemon && { docker: { host: `unix://${daemon.socket}` } }),
    };
    this.configure({});
  }

  /** Changes options, the first level as a whole. */
  configure(changes: Options): void {
    this.#options = { ...this.#options, ...changes };
    const config = Object.fromEntries(
      Object.entries(this.#options).map(([key, value]) => [`tracekeep:${key}`, value]),
    );
    writeFileSync(join(this.home, `Pulumi.${this.name}.yaml`), stringify({ config }));
  }

  /** A command line, as it reaches what the stack publishes. */
  inside(program: string, args: readonly string[]): [program: string, ...args: string[]] {
    return this.daemon?.inside(program, args) ?? [program, ...args];
  }

  /** Runs `npm run NAME -- --stack THIS …`; what follows in `pulumi` goes to Pulumi. */
  run(name: string, args: readonly string[] = [], pulumi: readonly string[] = []): Promise<Ran> {
    const further = pulumi.length > 0 ? ["--", ...pulumi] : [];
    const all = ["--stack", this.name, ...args, ...further];
    return npmRun(name, all, { TRACEKEEP_HOME: this.home }, { inside: this.daemon?.inside });
  }

  #labelled() {
    return { label: [`tracekeep.stack=${this.name}`] };
  }

  async containers(): Promise<Docker.ContainerInfo[]> {
    return this.docker.listContainers({ all: true, filters: this.#labelled() });
  }

  /** Id of every running container, by service. */
  async running(): Promise<Record<string, string>> {
    const running = (await this.containers()).filter(({ State }) => State === "running");
    const pairs = running.map(({ Id, Labels }) => [Labels["tracekeep.service"], Id] as const);
    return Object.fromEntries(pairs.sort(([a], [b]) => a.localeCompare(b)));
  }

  async volumes(): Promise<Docker.VolumeInspectInfo[]> {
    return (await this.docker.listVolumes({ filters: this.#labelled() })).Volumes;
  }

  async networks(): Promise<Docker.NetworkInspectInfo[]> {
    return this.docker.listNetworks({ filters: this.#labelled() });
  }

  /** Names of everything of the stack that is on the daemon, sorted. */
  async things(): Promise<string[]> {
    const containers = (await this.containers()).map(({ Names }) => Names[0].slice(1));
    const volumes = (await this.volumes()).map(({ Name }) => Name);
    const networks = (await this.networks()).map(({ Name }) => Name);
    return [...containers, ...volumes, ...networks].sort();
  }

  /** The text of a file that Pulumi keeps of the stack. */
  state(): string {
    return readFileSync(
      join(this.home, "state/.pulumi/stacks/tracekeep", `${this.name}.json`),
      "utf8",
    );
  }

  /** Removes everything, whatever state it is in. */
  async remove(): Promise<void> {
    for (const { Id } of await this.containers()) {
      await this.docker.getContainer(Id).remove({ force: true, v: true });
    }
    for (const { Name } of await this.volumes()) await this.docker.getVolume(Name).remove();
    for (const { Id } of await this.networks()) await this.docker.getNetwork(Id).remove();
    this.forget();
  }

  /** Removes its files alone: its daemon is gone. */
  forget(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}
