import { readdirSync, readFileSync } from "node:fs";

/** A file that the system has of a process; empty once it has ended. */
export function readProcess(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return "";
  }
}

/** Ids of all processes. */
export const processes = (): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

export const parentOf = (pid: number): number =>
  Number(/\) \S (\d+)/.exec(readProcess(pid, "stat"))?.[1]);

export const nameOf = (pid: number): string => readProcess(pid, "comm").trim();

/** Every process that a process started, itself first. */
export function descendants(pid: number): number[] {
  const all = processes().map((one) => [one, parentOf(one)] as const);
  const found = [pid];
  for (const one of found) {
    found.push(...all.filter(([, parent]) => parent === one).map(([child]) => child));
  }
  return found;
}

/** Sends a signal to processes, those that have ended left out. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}
