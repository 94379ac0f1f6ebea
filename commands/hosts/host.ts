import type { StackConfig } from "../../config/parse";
import type { ApplicationConfig } from "../../config/schema";
import type { DialledService, ServiceName } from "../../config/services";
import type { Grant } from "../../targets/grant";
import type { Layout } from "../../targets/layout";
import type { Workload } from "../../targets/workload";
import type { Finding, StateResource } from "../drift/finding";
import type { Stores } from "./stores";
import type { Things } from "../interrupted/things";

/** What a stack runs on, as the commands see it. It has answered. */
export interface Host {
  /**
   * Makes sure that there is room for what `up` would make.
   *
   * @throws {Error} that names each thing in the way; nothing was changed.
   */
  checkRoom(): Promise<void>;
  /** What of the stack does not run well, each with the end of what it wrote; empty if nothing. */
  unwell(): Promise<string>;
  /** Names of the data volumes of the stack, sorted. */
  dataVolumes(): Promise<string[]>;
  deleteDataVolume(name: string): Promise<void>;
  /** What changed behind the stack's back where the engine does not look. */
  drift(resources: readonly StateResource[]): Promise<Finding[]>;
  /** What `backup` and `restore` work on. @throws {Error} that says what to use where it has none. */
  stores(): Stores;
  /** What was wrong with it, where and what to do, in a sentence, from what providers said. */
  faultIn?(messages: readonly string[]): string | undefined;
  /** What it has of the stack, if what an interrupted run left can be told there. */
  things?: Things;
}

/**
 * Reads the last lines that a service wrote, or what stands beside it by its name; empty where they
 * cannot be read.
 */
export type ReadLog = (service: ServiceName, beside?: string) => Promise<string>;

/** How something that the stack publishes is dialled from this machine. */
export interface Way {
  /** `host:port`; the host stands in the server's certificate. */
  address: string;
  /** A command that has to run meanwhile. */
  first?: string;
}

/** Prints of an application what only one kind of target has. @throws {Error} if it has none of it. */
export type TargetFormat = (
  config: StackConfig,
  app: ApplicationConfig,
  options: { container?: string },
) => string;

/** How one kind of target is spoken to. */
export interface HostKind {
  /** What it is called in messages, and where it is. */
  label: (config: StackConfig) => string;
  /** Whether to say that it is looked for: it may take its time. */
  isFar: (config: StackConfig) => boolean;
  /** @throws {Error} that says in a sentence that it does not answer, and what to do. */
  open: (config: StackConfig) => Promise<Host>;
  /** Milliseconds within which a file that changed in place is every process's, if there are several. */
  filesWithin: number;
  /** The logs of a stack's services, for causes of broken hops. */
  logs: (config: StackConfig) => ReadLog;
  /** The way to a listener that is published as `host:port`. */
  way: (config: StackConfig, service: DialledService, published: string) => Way;
  /** What `env` prints besides variables and code, by the format's name. */
  formats: Readonly<Partial<Record<string, TargetFormat>>>;
  /** Where processes find their files and peers. */
  layout: (name: string) => Layout;
  /** Texts by file name that say in the target's own words what would be made. */
  manifests: (
    config: StackConfig,
    workloads: readonly Workload[],
    grants: readonly Grant[],
  ) => ReadonlyMap<string, string>;
}
