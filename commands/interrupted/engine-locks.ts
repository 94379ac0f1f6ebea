import * as fs from "node:fs";
import * as path from "node:path";
import { heldBy, isGone, readHolder } from "./holder";

/** Where a backend in a directory has the locks of a stack of this project. */
const locksOf = (state: string, stack: string): string =>
  path.join(state, ".pulumi/locks/organization/tracekeep", stack);

/**
 * Takes Pulumi's locks of runs away that were killed: their processes were of this host, and are gone.
 *
 * @param state the backend's directory.
 * @returns a line for each.
 * @throws {Error} that says who holds the stack, if somebody does.
 */
export function clearDeadLocks(state: string, stack: string): string[] {
  const directory = locksOf(state, stack);
  if (!fs.existsSync(directory)) return [];
  // Attributes lie beside, and are no locks.
  const files = fs.readdirSync(directory).filter((name) => !name.endsWith(".attrs"));
  const found = files.map((name) => {
    const file = path.join(directory, name);
    return { file, holder: readHolder(fs.readFileSync(file, "utf8")) };
  });
  for (const { holder } of found) {
    if (holder !== undefined && !isGone(holder)) throw new Error(heldBy(stack, holder));
  }
  return found.map(({ file, holder }) => {
    for (const one of [file, `${file}.attrs`]) fs.rmSync(one, { force: true });
    return holder === undefined
      ? "Took away a lock that was not written to its end."
      : `Took away the lock of process ${holder.pid}, which was killed (it began ${new Date(holder.timestamp).toLocaleString("sv-SE")}).`;
  });
}
