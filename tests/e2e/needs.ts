import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { CLUSTER_PROGRAMS, CONTROL_PLANE } from "../helpers/cluster";
import { cniPlugins, NODE_PROGRAMS } from "../helpers/node";
import { findProgram, howToGet } from "../helpers/servers";
import { lackingPrograms } from "./images";

/** Providers of a stack on whatever it runs. */
const PROVIDERS = ["tls", "random", "command"];

/** Services without which there is no stack. */
const ALWAYS = ["tempo", "collector", "prometheus", "loki", "guard"] as const;

/** Whether the stacks run the published images, pulled, instead of ones built from local programs. */
export const PUBLISHED_IMAGES = process.env.TRACEKEEP_E2E_PULL === "1";

const answers = (command: string, args: string[]) =>
  spawnSync(command, args, { stdio: "ignore", timeout: 20_000 }).status === 0;

/** What a deployment on this machine's Docker daemon lacks. */
export function lackingDocker(): string[] {
  const socket = ["--host", "unix:///var/run/docker.sock", "version"];
  return answers("docker", socket) ? [] : ["no Docker daemon answers (or no docker command)"];
}

/** What Pulumi lacks for a stack whose target needs these providers, besides those of every stack. */
function lackingPulumi(own: readonly string[]): string[] {
  const plugins = join(process.env.PULUMI_HOME ?? join(homedir(), ".pulumi"), "plugins");
  const providers = [...own, ...PROVIDERS].filter((name) => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { version } = require(`@pulumi/${name}/package.json`) as { version: string };
    return !existsSync(join(plugins, `resource-${name}-v${version}`));
  });
  return [
    ...["pulumi", "pulumi-language-nodejs"]
      .filter((name) => !answers("sh", ["-c", `command -v ${name}`]))
      .map((name) => `no ${name} on PATH`),
    ...providers.map((name) => `no Pulumi provider ${name}`),
  ];
}

/** What a real `preview` lacks, besides Docker. */
export const lackingForPreview = (): string[] => lackingPulumi(["docker"]);

/** What a real `up` lacks, besides Docker. */
export function lackingForUp(): string[] {
  const images = PUBLISHED_IMAGES ? [] : ALWAYS.flatMap((service) => lackingPrograms(service));
  return [...lackingForPreview(), ...images.map((program) => `no program ${program}`)];
}

/** What an `up` on a cluster of simulated nodes lacks. */
export function lackingForCluster(): string[] {
  const missing = CLUSTER_PROGRAMS.filter((program) => findProgram(program) === undefined);
  return [
    ...lackingPulumi(["kubernetes"]),
    ...missing.map((program) => `no program ${program}: ${howToGet}`),
  ];
}

/** What a machine's own programs are that a node within it takes. */
const SYSTEM = ["unshare", "nsenter", "ip", "iptables", "nft", "openssl", "curl", "ctr", "runc"];

/** What a cluster lacks whose pods run, on a node within this machine. */
export function lackingForNode(): string[] {
  if (process.getuid?.() !== 0) return ["not root, whom a node takes"];
  const programs = [...CONTROL_PLANE, ...NODE_PROGRAMS, "coredns"] as const;
  const missing = programs.filter((program) => findProgram(program) === undefined);
  const unknown = SYSTEM.filter((name) => !answers("sh", ["-c", `command -v ${name}`]));
  return [
    ...lackingDocker(),
    ...lackingPulumi(["kubernetes"]),
    ...missing.map((program) => `no program ${program}: ${howToGet}`),
    ...unknown.map((name) => `no ${name} on PATH`),
    ...(cniPlugins() === undefined ? ["no network plugins (containernetworking-plugins)"] : []),
    ...ALWAYS.flatMap((service) => lackingPrograms(service)).map((name) => `no program ${name}`),
  ];
}
