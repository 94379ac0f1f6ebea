import { backendDirectory } from "../pulumi";
import type { Host } from "../hosts/host";
import { clearDeadLocks } from "./engine-locks";
import { endLeftovers } from "./leftovers";
import { exportState } from "../exported-state";
import { idsIn, settlePending } from "./pending";
import { clearTemporary } from "./state-files";
import { forgetEarlier, noteEarlier, notAmong, strays } from "./things";

const tell = (line: string) => process.stderr.write(`${line}\n`);

/**
 * Repairs what an earlier run that was killed left: Pulumi's lock, its processes, and what it was
 * making at that moment. To be called while the stack is held.
 *
 * @returns options that the run needs now.
 * @throws {Error} that says who holds the stack, if somebody does.
 */
export async function repair(stack: string, host: Host): Promise<string[]> {
  const state = backendDirectory();
  const cleared = state === undefined ? [] : clearDeadLocks(state, stack);
  if (state !== undefined) clearTemporary(state, stack);
  if (cleared.length > 0) {
    const ended = await endLeftovers(stack);
    if (ended > 0) cleared.push(`Ended what it had left running: ${ended} processes.`);
  }
  cleared.forEach(tell);
  const { lines, remake, isDoubtful } = await settlePending(stack, host.things);
  lines.forEach(tell);
  return [...(isDoubtful ? ["--refresh"] : []), ...remake.flatMap((urn) => ["--replace", urn])];
}

/**
 * Runs something that may end badly, and then takes away what it made and the state does not have:
 * an operation that is cut short ends as failed, whatever became of it on the host.
 */
export async function leavingNoStrays<T extends { code: number }>(
  stack: string,
  { things }: Host,
  work: () => Promise<T>,
): Promise<T> {
  if (things === undefined) return work();
  const before = await things.list();
  noteEarlier(stack, before);
  const result = await work();
  if (result.code === 0) {
    forgetEarlier(stack);
    return result;
  }
  try {
    const known = idsIn(await exportState(stack));
    for (const thing of strays(await things.list(), known, notAmong(before))) {
      await things.remove(thing);
      tell(`Took away ${thing.kind} ${thing.name}, which was not made to its end.`);
    }
    forgetEarlier(stack);
  } catch {
    // A host that is gone is what the run itself ended with; the next run sees to it.
  }
  return result;
}
