import type { Host } from "../hosts/host";
import { exportState } from "../exported-state";
import { idsIn, settlePending } from "./pending";
import { forgetEarlier, noteEarlier, notAmong, strays } from "./things";

const tell = (line: string) => process.stderr.write(`${line}\n`);

/**
 * Settles what an earlier run was making at the moment at which it was killed. To be called while the
 * stack is held.
 *
 * @returns options that the run needs now.
 */
export async function repair(stack: string, host: Host): Promise<string[]> {
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
