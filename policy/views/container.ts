import type { Part, RuleTarget, Subject } from "../rule";
import { dockerContainers } from "./docker-container";
import { podContainers } from "./pod";

/**
 * `service`: runs for as long as the stack does. `helper`: runs once, to its end. `writer`: takes
 * files into a volume and never runs.
 */
export type Role = "service" | "helper" | "writer";

export interface HostPath {
  path: string;
  readOnly: boolean;
  /** Whether it is the one that this service of this stack keeps its own files in. */
  own: boolean;
}

/**
 * A container as rules for both targets ask of it. What is asked is read then, so that a value which
 * a preview does not know stops that question alone.
 */
export interface Container extends Part {
  readonly target: RuleTarget;
  /** Name of what it runs for, as the target labels it. */
  readonly service: string | undefined;
  readonly role: Role;
  readonly image: string;
  readonly privileged: boolean;
  /** Namespaces of the host that it shares, by name. */
  readonly hostNamespaces: string[];
  readonly hostPaths: HostPath[];
  readonly addedCapabilities: string[];
  readonly dropsAllCapabilities: boolean;
  readonly readOnlyRoot: boolean;
  readonly noNewPrivileges: boolean;
  /** Whether system calls are filtered: by the runtime's own profile or another. */
  readonly confined: boolean;
  /** Whether it runs, or may run, as user 0. */
  readonly root: boolean;
  readonly memoryLimited: boolean;
  readonly cpuLimited: boolean;
  /** Seconds between SIGTERM and SIGKILL; undefined where nothing is said. */
  readonly stopGrace: number | undefined;
  /** Whether the target asks if it is well. */
  readonly probed: boolean;
  /** Whether it comes back when it ends. */
  readonly restarted: boolean;
  /** Plain environment variables that are known. */
  readonly environment: [name: string, value: string][];
  /** The same, where all are. */
  readonly wholeEnvironment: ReadonlyMap<string, string>;
  /** What starts it, and what probes it: an argument that is not known is an empty one. */
  readonly commandLines: string[][];
  /** What starts it, where all of that is known. */
  readonly wholeCommandLine: string[];
}

/** The containers that a resource is, or makes. */
export const containersOf = (subject: Subject): Container[] => [
  ...dockerContainers(subject),
  ...podContainers(subject),
];

/** Those of them that run for as long as the stack does. */
export const servicesOf = (subject: Subject): Container[] =>
  containersOf(subject).filter(({ role }) => role === "service");

/** Those that run at all. */
export const runningOf = (subject: Subject): Container[] =>
  containersOf(subject).filter(({ role }) => role !== "writer");
