import type { Limits } from "../../config/capacity";
import { mebibytes } from "../../config/units";
import type { Settings } from "./component";

/** Share of the memory limit that Go's collector keeps to, and at which the intake refuses. */
const HEAP_SHARE = 0.8;

/** Bytes that a collector's heap may take. */
export const heapOf = ({ memory }: Limits): number => memory * HEAP_SHARE;

/** The processor that refuses before the kernel ends the process. */
export function memoryLimiter(limits: Limits): Settings {
  const limit = mebibytes(heapOf(limits));
  // The intake refuses from limit minus spike on; what is in flight then still fits.
  return { check_interval: "1s", limit_mib: limit, spike_limit_mib: Math.round(limit * 0.2) };
}
