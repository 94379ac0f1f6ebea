import type { Workload } from "../../targets/workload";

type Node = Pick<Workload, "name" | "connectsTo">;

/**
 * They wait for nobody. Prometheus scrapes what is there, and those that it scrapes push to it or
 * query it; the log agent reads what the others say at their start, and keeps it until it is taken.
 */
const FIRST: readonly string[] = ["prometheus", "log-agent"];

/** What a Workload starts after: what it dials. */
export function startsAfter({ name, connectsTo }: Node): string[] {
  return FIRST.includes(name) ? [] : connectsTo;
}

/**
 * The Workloads, each behind those that it starts after.
 *
 * @throws {Error} when two wait for each other.
 */
export function inStartOrder<T extends Node>(workloads: readonly T[]): T[] {
  const ordered: T[] = [];
  let waiting = [...workloads];
  while (waiting.length > 0) {
    const ready = waiting.filter(
      (workload) =>
        !startsAfter(workload).some((name) => waiting.some((other) => other.name === name)),
    );
    if (ready.length === 0) {
      throw new Error(`${waiting.map(({ name }) => name).join(", ")} wait for each other to start`);
    }
    ordered.push(...ready);
    waiting = waiting.filter((workload) => !ready.includes(workload));
  }
  return ordered;
}
