import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import { home } from "../paths";

/** Says in the environment of an engine and of all that it starts whose run it is. */
export const RUN_VARIABLE = "TRACEKEEP_RUN";

/** What `RUN_VARIABLE` is in runs of a stack. */
export const runOf = (stack: string): string => path.join(home(), stack);

/** Milliseconds that a process has to end by itself. */
const GRACE = 5000;

/** What an engine starts: its providers and language host, and the verification. */
const STARTED_BY_ENGINE = /(^|\/)pulumi-(resource|language)-|(^|\/)main\.ts\0verify\0/;

const read = (pid: string, name: string): string => {
  try {
    return fs.readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    // It has ended, or belongs to somebody else.
    return "";
  }
};

/** Processes that runs of a stack left behind; none where the system does not tell. */
function leftovers(stack: string): number[] {
  if (!fs.existsSync("/proc/self/environ")) return [];
  const mark = `${RUN_VARIABLE}=${runOf(stack)}`;
  return fs
    .readdirSync("/proc")
    .filter(
      (name) =>
        /^\d+$/.test(name) &&
        STARTED_BY_ENGINE.test(read(name, "cmdline")) &&
        read(name, "environ").split("\0").includes(mark),
    )
    .map(Number);
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended meanwhile.
    }
  }
}

/**
 * Ends what an engine that was killed left running: a provider goes on with what it was told, and
 * would do it beside the next run.
 *
 * @returns how many there were.
 */
export async function endLeftovers(stack: string): Promise<number> {
  const found = leftovers(stack);
  signal(found, "SIGTERM");
  const end = Date.now() + GRACE;
  while (Date.now() < end && leftovers(stack).length > 0) await setTimeout(100);
  signal(leftovers(stack), "SIGKILL");
  return found.length;
}
