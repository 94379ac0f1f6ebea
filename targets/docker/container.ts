import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { Workload } from "../workload";
import { HARDENED, labels, memoryLimit, type Scope } from "./scope";

const MB = 2 ** 20;

/** Size of each directory in memory. It counts as the container's memory once it is used. */
const SCRATCH_SIZE = "64m";

/** What a container's arguments need besides the Workload itself. */
export interface ContainerParts {
  image: pulumi.Input<string>;
  networks: pulumi.Input<string>[];
  volumes: docker.types.input.ContainerVolume[];
  /** Labels whose change must replace the container. */
  labels?: Record<string, pulumi.Input<string>>;
}

/**
 * Seconds between checks and how often they may fail. The provider waits for the first success, so
 * the interval is also how long a service that is up is not known to be.
 */
const HEALTH = { interval: "5s", timeout: "5s", startPeriod: "1m0s", retries: 6 };

/** How long `up` waits for a container to become healthy, in seconds. */
const HEALTHY_WITHIN = 180;

function ports({ ports }: Workload): docker.types.input.ContainerPort[] {
  return ports
    .flatMap(({ number, publish }) =>
      publish
        ? [{ internal: number, external: publish.port, ip: publish.bind, protocol: "tcp" }]
        : [],
    )
    .sort((a, b) => a.external - b.external);
}

/**
 * Cores in the words in which the provider reads them back ("1.0", "0.25", "10."): in any others
 * they would be a change, and so a replacement, at each `up --refresh`.
 */
export function cpusText(cpus: number): string {
  const exact = cpus.toFixed(9);
  const zeros = exact.split("0").length - 1;
  return zeros === 9 ? cpus.toFixed(1) : exact.replace(/0+$/, "");
}

/**
 * Directories of the host. As `mounts`, for a volume's `hostPath` that is not there would be made,
 * empty and silently, where this is refused.
 */
function hostMounts({ hostDirectories = [] }: Workload): docker.types.input.ContainerMount[] {
  return hostDirectories.map((directory) => ({
    type: "bind",
    source: directory,
    target: directory,
    readOnly: true,
  }));
}

/** Directories in memory, the service's alone. */
export function scratch({ user, writable }: Workload): Record<string, string> {
  const options = `rw,nosuid,nodev,noexec,size=${SCRATCH_SIZE},mode=0700,uid=${user.uid},gid=${user.gid}`;
  return Object.fromEntries([...writable].sort().map((path) => [path, options]));
}

/** Environment variables as the provider takes them. */
export const variables = ({ env }: Workload): string[] =>
  Object.entries(env)
    .map(([variable, value]) => `${variable}=${value}`)
    .sort();

/** The arguments of a Workload's container. Lists are sorted: their order is a change to the provider. */
export function containerArgs(
  scope: Scope,
  workload: Workload,
  parts: ContainerParts,
): docker.ContainerArgs {
  const { name, user, probe, limits, stopGrace } = workload;
  return {
    ...HARDENED,
    ...memoryLimit(Math.floor(limits.memory / MB)),
    memoryReservation: Math.floor(limits.memoryReservation / MB),
    cpus: cpusText(limits.cpus),
    name: `${scope.prefix}-${name}`,
    hostname: name,
    image: parts.image,
    ...(workload.entrypoint && { entrypoints: workload.entrypoint }),
    command: workload.args,
    envs: variables(workload),
    user: `${user.uid}:${user.gid}`,
    readOnly: true,
    tmpfs: scratch(workload),
    volumes: parts.volumes,
    ...(workload.hostDirectories && { mounts: hostMounts(workload) }),
    networkMode: "bridge",
    networksAdvanced: parts.networks.map((network) => ({ name: network, aliases: [name] })),
    ports: ports(workload),
    labels: labels(scope, name, parts.labels),
    // By its name the log agent knows whose a line is.
    logOpts: { ...HARDENED.logOpts, tag: "{{.Name}}" },
    restart: "unless-stopped",
    // Without it the provider kills at once, whatever `stopTimeout` says.
    destroyGraceSeconds: stopGrace,
    stopTimeout: stopGrace,
    ...(workload.endsByKill && { stopSignal: "SIGKILL" }),
    ...(probe.kind === "exec" && {
      healthcheck: { tests: ["CMD", ...probe.command], ...HEALTH },
      wait: true,
      waitTimeout: HEALTHY_WITHIN,
    }),
  };
}
