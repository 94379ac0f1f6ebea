import { randomBytes } from "node:crypto";

/** The services that the verification plays. Constant names: each run adds to the same series. */
export const PLAYED = {
  gateway: "tracekeep-verify-gateway",
  search: "tracekeep-verify-search",
  vectors: "tracekeep-verify-vectors",
} as const;

/** Name of the metric whose value is this run's number; Prometheus spells it with underscores. */
export const RUN_METRIC = "tracekeep.verification.run";
/** Span attribute by which one run is told from another. */
export const RUN_ATTRIBUTE = "tracekeep.run";

/** What is particular to one run. */
export interface Run {
  /** Six bytes, as 12 hexadecimal digits. */
  id: string;
  /** The same as a number, exact in a float64: the metric's value. */
  number: number;
  /** Milliseconds since the epoch at which it started. */
  startedAt: number;
}

export function newRun(now = Date.now()): Run {
  const id = randomBytes(6).toString("hex");
  return { id, number: Number.parseInt(id, 16), startedAt: now };
}
