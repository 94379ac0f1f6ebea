import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { heldBy, isGone, readHolder } from "./holder";

/** The directory of a backend that is one; undefined for any other. */
export function stateDirectory(backendUrl: string | undefined): string | undefined {
  const [, place] = /^file:\/\/([^?]*)/.exec(backendUrl ?? "") ?? [];
  if (place === undefined) return undefined;
  const directory = decodeURIComponent(place);
  return directory.startsWith("~") ? path.join(os.homedir(), directory.slice(1)) : directory;
}

/** Where a backend in a directory has the locks of a stack of this project. */
const locksOf = (state: string, stack: string): string =>
  path.join(state, ".pulumi/locks/organization/tracekeep", stack);

/** Whether a file is what Pulumi keeps beside another one, and was not written to its end. */
function isHalf(file: string): boolean {
  if (!file.endsWith(".attrs")) return false;
  try {
    JSON.parse(fs.readFileSync(file, "utf8"));
    return false;
  } catch (error) {
    return error instanceof SyntaxError;
  }
}

/** A file that was being written, and was to take another one's place. */
const TEMPORARY = /\.[0-9a-f]+\.tmp$/;

/**
 * Takes away what a kill left of files of a stack's state that were being written. The state itself is
 * replaced in one step; its attributes are not, and without the whole of them Pulumi cannot read it.
 * None at all is good.
 *
 * @param state the backend's directory.
 */
export function clearHalfFiles(state: string, stack: string): void {
  const root = path.join(state, ".pulumi");
  const listed = (directory: string) =>
    fs.existsSync(directory)
      ? fs.readdirSync(directory).map((name) => path.join(directory, name))
      : [];
  const files = [
    ...listed(root),
    ...listed(path.join(root, "stacks/tracekeep")).filter((file) =>
      path.basename(file).startsWith(`${stack}.json`),
    ),
    ...["history", "backups"].flatMap((kind) => listed(path.join(root, kind, "tracekeep", stack))),
  ];
  for (const file of files) {
    if (TEMPORARY.test(file) || isHalf(file)) fs.rmSync(file, { force: true });
  }
}

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
