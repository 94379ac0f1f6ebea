import { CONNECTIONS } from "../../components/stack/connections";
import { listenersOf } from "../../components/stack/listeners";
import { SERVICES, type ServiceName } from "../../config/services";

/** Inputs of a container, as the engine gets them. */
export interface Container {
  name: string;
  [input: string]: unknown;
}

interface Item {
  /** What is asked for, in words of our own. */
  asks: string;
  verdict: "met" | "in part" | "otherwise" | "not applicable" | "not reachable";
  /** How, or why not. */
  note: string;
  /** Whether a container that runs has it so; with what `against` says it has not. */
  holds?: (container: Container) => boolean;
  against?: Record<string, unknown>;
  /** A test that shows it, where that is another: its file below `tests/` and its name. */
  test?: readonly [file: string, name: string];
}

interface Port {
  internal: number;
  external: number;
  ip: string;
}

const list = <T>(value: unknown): T[] => (value as T[] | undefined) ?? [];
const ports = ({ ports: published }: Container) => list<Port>(published);
const options = ({ securityOpts }: Container) => list<string>(securityOpts);
const text = (value: unknown) => JSON.stringify(value) ?? "";

const HOST_DIRECTORIES = ["/", "/boot", "/dev", "/etc", "/lib", "/proc", "/sys", "/usr"];

/** Paths of the host that a container sees. */
const sources = ({ mounts, volumes }: Container) => [
  ...list<{ source?: string }>(mounts).map(({ source }) => source ?? ""),
  ...list<{ hostPath?: string }>(volumes).flatMap(({ hostPath }) => hostPath ?? []),
];

/** Whether somebody who is no service dials the listener behind a port. */
function isForOutsiders(service: string, port: number): boolean {
  if (!(SERVICES as readonly string[]).includes(service)) return false;
  const listeners = Object.entries(listenersOf(service as ServiceName));
  const [name] = listeners.find(([, listener]) => listener.port === port) ?? [];
  return CONNECTIONS.some(
    ({ from, to, listener }) =>
      to === service && listener === name && !(SERVICES as readonly string[]).includes(from),
  );
}

const PORT = { internal: 9095, external: 9095, ip: "127.0.0.1" };
const mount = (source: string) => ({ mounts: [{ type: "bind", source, target: source }] });
const nobodyEnters = "nothing of the stack enters a container, nor do its commands";

/** Section 5 of the CIS Docker Benchmark, numbered as in its versions 1.6 and 1.7. */
export const CIS_DOCKER: Readonly<Record<string, Item>> = {
  "5.1": {
    asks: "swarm mode off, unless it is needed",
    verdict: "not applicable",
    note: "a setting of the daemon; the stack neither needs nor changes it",
  },
  "5.2": {
    asks: "an AppArmor profile",
    verdict: "met",
    note: "Docker's own, on a host that has AppArmor: no container switches it off",
    holds: (container) => options(container).every((option) => !option.startsWith("apparmor")),
    against: { securityOpts: ["apparmor=unconfined"] },
  },
  "5.3": {
    asks: "SELinux labels",
    verdict: "met",
    note: "where the daemon has them on: no container switches them off",
    holds: (container) => options(container).every((option) => !option.startsWith("label")),
    against: { securityOpts: ["label=disable"] },
  },
  "5.4": {
    asks: "no capability that is not needed",
    verdict: "met",
    note: "none at all",
    holds: ({ capabilities }) => text(capabilities) === '{"drops":["ALL"]}',
    against: { capabilities: { adds: ["NET_ADMIN"], drops: ["ALL"] } },
  },
  "5.5": {
    asks: "no privileged container",
    verdict: "met",
    note: "none",
    holds: ({ privileged }) => privileged !== true,
    against: { privileged: true },
  },
  "5.6": {
    asks: "no sensitive directory of the host",
    verdict: "met",
    note: "none but the [log agent](security.md#the-log-agent), off by default, sees a directory: the containers' logs, read-only",
    holds: (container) =>
      sources(container).every((path) => !HOST_DIRECTORIES.includes(path)) &&
      (sources(container).length === 0 || container.name.endsWith("-log-agent")),
    against: mount("/etc"),
  },
  "5.7": {
    asks: "no sshd inside",
    verdict: "met",
    note: "what runs in a container is its one server",
    holds: ({ entrypoints, command }) => !text([entrypoints, command]).includes("sshd"),
    against: { entrypoints: ["/usr/sbin/sshd", "-D"] },
  },
  "5.8": {
    asks: "no port of the host below 1024",
    verdict: "met",
    note: "by default; `ports.<service>` may name others",
    holds: (container) => ports(container).every(({ external }) => external >= 1024),
    against: { ports: [{ ...PORT, external: 443 }] },
  },
  "5.9": {
    asks: "no open port that is not needed",
    verdict: "met",
    note: "published is what applications, operators and browsers dial, and no listener between services",
    holds: (container) =>
      ports(container).every(({ internal }) =>
        isForOutsiders(String(container.hostname), internal),
      ),
    against: { hostname: "tempo", ports: [PORT] },
  },
  "5.10": {
    asks: "no network of the host",
    verdict: "met",
    note: "bridges of the stack's own",
    holds: ({ networkMode }) => networkMode !== "host",
    against: { networkMode: "host" },
  },
  "5.11": {
    asks: "a limit of memory",
    verdict: "met",
    note: "`limits.<service>.memory`, without swap",
    holds: ({ memory, memorySwap }) => Number(memory) > 0 && memorySwap === memory,
    against: { memory: undefined },
  },
  "5.12": {
    asks: "a priority for the CPU",
    verdict: "met",
    note: "`limits.<service>.cpus`: a limit of cores rather than shares",
    holds: ({ cpus }) => Number(cpus) > 0,
    against: { cpus: undefined },
  },
  "5.13": {
    asks: "a read-only root file system",
    verdict: "met",
    note: "with scratch directories in memory where a service needs one",
    holds: ({ readOnly }) => readOnly === true,
    against: { readOnly: false },
  },
  "5.14": {
    asks: "ports bound to one address of the host",
    verdict: "met",
    note: "loopback, unless `ports.<service>.bind` says otherwise",
    holds: (container) => ports(container).every(({ ip }) => ip === "127.0.0.1"),
    against: { ports: [{ ...PORT, ip: "0.0.0.0" }] },
  },
  "5.15": {
    asks: "at most five restarts after failures",
    verdict: "otherwise",
    note: "`unless-stopped`: the stack has to be back after the host, and watches the others; Docker waits longer each time, and [ServiceRestarts](runbooks/ServiceRestarts.md) tells of it",
    holds: ({ restart }) => restart === "unless-stopped",
    against: { restart: "always" },
  },
  "5.16": {
    asks: "no process namespace of the host",
    verdict: "met",
    note: "each has its own",
    holds: ({ pidMode }) => pidMode === undefined,
    against: { pidMode: "host" },
  },
  "5.17": {
    asks: "no IPC namespace of the host",
    verdict: "met",
    note: "each has its own",
    holds: ({ ipcMode }) => ipcMode === undefined,
    against: { ipcMode: "host" },
  },
  "5.18": {
    asks: "no device of the host",
    verdict: "met",
    note: "none",
    holds: ({ devices, deviceRequests }) => devices === undefined && deviceRequests === undefined,
    against: { devices: [{ hostPath: "/dev/sda" }] },
  },
  "5.19": {
    asks: "the default ulimits, unless others are needed",
    verdict: "met",
    note: "none is changed",
    holds: ({ ulimits }) => ulimits === undefined,
    against: { ulimits: [{ name: "nofile", soft: 1, hard: 1 }] },
  },
  "5.20": {
    asks: "no shared propagation of mounts",
    verdict: "met",
    note: "no mount asks for any",
    holds: ({ mounts }) => !text(mounts ?? []).includes("propagation"),
    against: { mounts: [{ bindOptions: { propagation: "rshared" } }] },
  },
  "5.21": {
    asks: "no UTS namespace of the host",
    verdict: "met",
    note: "each has a host name of its own, which Docker refuses in the host's namespace",
    holds: ({ hostname }) => typeof hostname === "string" && hostname !== "",
    against: { hostname: undefined },
  },
  "5.22": {
    asks: "the default seccomp profile",
    verdict: "met",
    note: "no container switches it off or brings another",
    holds: (container) => options(container).every((option) => !option.startsWith("seccomp")),
    against: { securityOpts: ["seccomp=unconfined"] },
  },
  "5.23": {
    asks: "no `docker exec` with privileges",
    verdict: "not applicable",
    note: nobodyEnters,
  },
  "5.24": {
    asks: "no `docker exec` as root",
    verdict: "not applicable",
    note: nobodyEnters,
  },
  "5.25": {
    asks: "the default cgroup",
    verdict: "met",
    note: "no container names another",
    holds: ({ cgroupParent }) => cgroupParent === undefined,
    against: { cgroupParent: "/elsewhere" },
  },
  "5.26": {
    asks: "no new privileges",
    verdict: "met",
    note: "`no-new-privileges`",
    holds: (container) => options(container).includes("no-new-privileges:true"),
    against: { securityOpts: [] },
  },
  "5.27": {
    asks: "a health check",
    verdict: "in part",
    note: "all but the collector, the log agent and applications, whose images have no program that could ask: `npm run verify` and the alerts do",
    holds: ({ hostname, healthcheck }) =>
      healthcheck !== undefined || ["collector", "log-agent", "shop"].includes(String(hostname)),
    against: { hostname: "tempo", healthcheck: undefined },
  },
  "5.28": {
    asks: "the latest version of each image",
    verdict: "otherwise",
    note: "[by digest](images.md), so that nothing changes by itself; `npm run images -- update` proposes newer tags",
    test: [
      "conformance/images.test.ts",
      "tags on one page: all are read, and the newest release of the line is proposed",
    ],
  },
  "5.29": {
    asks: "a limit of processes",
    verdict: "not reachable",
    note: "the provider has no such setting; what a service starts is bound by its memory",
  },
  "5.30": {
    asks: "no default bridge",
    verdict: "met",
    note: "bridges of the stack's own, one a zone",
    holds: ({ networksAdvanced }) =>
      list<{ name?: string }>(networksAdvanced).length > 0 &&
      list<{ name?: string }>(networksAdvanced).every(({ name }) => name !== "bridge"),
    against: { networksAdvanced: undefined },
    test: [
      "e2e/deployment.test.ts",
      "only a service with egress reaches a host outside of the stack's networks",
    ],
  },
  "5.31": {
    asks: "no user namespace of the host",
    verdict: "met",
    note: "where the daemon remaps users, no container opts out; and none but the log agent is root",
    holds: ({ usernsMode, user, name }) =>
      usernsMode === undefined &&
      (/^[1-9]\d*:\d+$/.test(String(user)) || name.endsWith("-log-agent")),
    against: { usernsMode: "host" },
  },
  "5.32": {
    asks: "no socket of Docker inside",
    verdict: "met",
    note: "in none",
    holds: (container) => !sources(container).some((path) => path.includes("docker.sock")),
    against: mount("/var/run/docker.sock"),
  },
};
