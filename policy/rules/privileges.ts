import { HELPERS_CAPABILITY, READ_HOST_DIRECTORIES, RUN_AS_ROOT } from "../exceptions";
import { rulesOver } from "../rule";
import { containersOf, runningOf } from "../views/container";

const every = rulesOver(containersOf);
const running = rulesOver(runningOf);

const services = (names: readonly string[], description: string) => ({
  services: {
    type: "array" as const,
    items: { type: "string" as const },
    default: [...names],
    description,
  },
});

type Services = { services: readonly string[] };

export const privileged = every({
  name: "privileged",
  description: "No container is privileged or sees devices of the host.",
  broken: ({ privileged }) => privileged,
});

const NETWORK = /^(networkMode|hostNetwork)$/;

export const hostNetwork = every({
  name: "host-network",
  description: "No container is on the host's own network.",
  broken: ({ hostNamespaces }) => hostNamespaces.filter((name) => NETWORK.test(name)),
});

export const hostProcesses = every({
  name: "host-processes",
  description: "No container shares the host's processes, its shared memory or its users.",
  broken: ({ hostNamespaces }) => hostNamespaces.filter((name) => !NETWORK.test(name)),
});

/** Directories in which runtimes have their sockets. */
const SOCKET_DIRECTORIES = ["/", "/run", "/var", "/var/run"];

export const runtimeSocket = every({
  name: "runtime-socket",
  description: "No container sees the socket of Docker or another runtime: it is root on the host.",
  broken: ({ hostPaths }) =>
    hostPaths.some(
      ({ path }) =>
        path.endsWith(".sock") || SOCKET_DIRECTORIES.includes(path.replace(/(.)\/+$/, "$1")),
    ),
});

export const hostDirectories = every<Services>({
  name: "host-directories",
  description:
    "No container but those named sees a directory of the host, and none may write to another than its own.",
  options: services(READ_HOST_DIRECTORIES, "Services that may read directories of the host."),
  broken: ({ hostPaths, service }, { services }) =>
    hostPaths.length > 0 &&
    (!services.includes(service ?? "") || hostPaths.some(({ readOnly, own }) => !readOnly && !own)),
});

export const addedCapabilities = every<{ helpers: readonly string[] }>({
  name: "added-capabilities",
  description: "No container is given a capability, but for a helper that sets owners.",
  options: {
    helpers: {
      type: "array",
      items: { type: "string" },
      default: [HELPERS_CAPABILITY],
      description: "Capabilities that a container may have which runs once and ends.",
    },
  },
  broken: ({ addedCapabilities, role }, { helpers }) =>
    addedCapabilities.some((name) => role !== "helper" || !helpers.includes(name)),
});

export const droppedCapabilities = every({
  name: "dropped-capabilities",
  description: "A container drops all capabilities that a runtime gives by itself.",
  broken: ({ dropsAllCapabilities }) => !dropsAllCapabilities,
});

export const newPrivileges = every({
  name: "new-privileges",
  description: "No process in a container can gain privileges, by a setuid program for one.",
  broken: ({ noNewPrivileges }) => !noNewPrivileges,
});

export const systemCalls = every({
  name: "system-calls",
  description: "System calls of a container are filtered by the runtime's profile.",
  broken: ({ confined }) => !confined,
});

export const readOnlyRoot = running({
  name: "read-only-root",
  description: "The root file system of what runs is read-only.",
  broken: ({ readOnlyRoot }) => !readOnlyRoot,
});

export const nonRoot = running<Services>({
  name: "non-root",
  description: "What runs is not user 0, but for helpers that end and the services named.",
  options: services(RUN_AS_ROOT, "Services that may be user 0."),
  broken: ({ root, role, service }, { services }) =>
    root && role === "service" && !services.includes(service ?? ""),
});
