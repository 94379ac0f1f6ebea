import type { Readable } from "node:stream";
import type { Workload } from "../../targets/workload";

/** What services keep, as copies are made of it and put back. */
export interface Stores {
  /** What of the stack is there already, and so in the way of what would be put back. */
  occupied(): Promise<string[]>;
  /**
   * Stops a service, which writes out what it has, and reads its data.
   *
   * @param work takes a tar whose paths begin with the last part of the data's directory. The
   *   service is started again when it has ended, well or not, and is well when this returns.
   */
  copy(workload: Workload, work: (tar: Readable) => Promise<void>): Promise<void>;
  /**
   * Freezes a service in the midst of its work and reads its data, which is as a crash would leave it.
   * Whoever speaks to it meanwhile waits.
   *
   * @param work as with `copy`; it is called once nothing moves any more.
   */
  copyFrozen(workload: Workload, work: (tar: Readable) => Promise<void>): Promise<void>;
  /** Starts a service that an interrupted copy left standing still. */
  start(workload: Workload): Promise<void>;
  /** Makes the data volume of a service anew, with what `copy` read. */
  fill(workload: Workload, tar: Readable): Promise<void>;
}
