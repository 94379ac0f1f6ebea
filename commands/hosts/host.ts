import type { StackConfig } from "../../config/parse";
import type { ServiceName } from "../../config/services";
import type { Layout } from "../../targets/layout";
import type { Workload } from "../../targets/workload";

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
}

/** Reads the last lines that a service wrote; empty where they cannot be read. */
export type ReadLog = (service: ServiceName) => Promise<string>;

/** How one kind of target is spoken to. */
export interface HostKind {
  /** What it is called in messages, and where it is. */
  label: (config: StackConfig) => string;
  /** Whether to say that it is looked for: it may take its time. */
  isFar: (config: StackConfig) => boolean;
  /** @throws {Error} that says in a sentence that it does not answer, and what to do. */
  open: (config: StackConfig) => Promise<Host>;
  /** The logs of a stack's services, for causes of broken hops. */
  logs: (config: StackConfig) => ReadLog;
  /** Where processes find their files and peers. */
  layout: (name: string) => Layout;
  /** Texts by file name that say in the target's own words what would be made. */
  manifests: (config: StackConfig, workloads: readonly Workload[]) => ReadonlyMap<string, string>;
}
