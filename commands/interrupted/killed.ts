import { backendDirectory } from "../pulumi";
import { clearDeadLocks } from "./engine-locks";
import { endLeftovers } from "./leftovers";
import { clearTemporary } from "./state-files";

/**
 * Takes away what a run that was killed left of itself: Pulumi's lock, files that it was writing, its
 * processes. To be called while the stack is held.
 *
 * @throws {Error} that says who has the stack, if another run goes on.
 */
export async function clearKilled(stack: string): Promise<void> {
  const state = backendDirectory();
  if (state === undefined) return;
  const cleared = clearDeadLocks(state, stack);
  clearTemporary(state, stack);
  if (cleared.length > 0) {
    const ended = await endLeftovers(stack);
    if (ended > 0) cleared.push(`Ended what it had left running: ${ended} processes.`);
  }
  for (const line of cleared) process.stderr.write(`${line}\n`);
}
