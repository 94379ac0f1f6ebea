import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** The directory of a backend that is one; undefined for any other. */
export function stateDirectory(backendUrl: string | undefined): string | undefined {
  const [, place] = /^file:\/\/([^?]*)/.exec(backendUrl ?? "") ?? [];
  if (place === undefined) return undefined;
  const directory = decodeURIComponent(place);
  return directory.startsWith("~") ? path.join(os.homedir(), directory.slice(1)) : directory;
}

const listed = (directory: string): string[] =>
  fs.existsSync(directory)
    ? fs.readdirSync(directory).map((name) => path.join(directory, name))
    : [];

/** Files that Pulumi keeps of the project's stacks, and of what became of one of them. */
function filesOf(state: string, stack: string): string[] {
  const root = path.join(state, ".pulumi");
  return [
    ...listed(root),
    ...listed(path.join(root, "stacks/tracekeep")),
    ...["history", "backups"].flatMap((kind) => listed(path.join(root, kind, "tracekeep", stack))),
  ];
}

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

/**
 * Takes attributes away that a kill left half-written: a state is replaced in one step, its attributes
 * are not, and without the whole of them Pulumi reads no stack of the project. None at all is good, and
 * so it is for whom writes them just now.
 *
 * @param state the backend's directory.
 */
export function clearHalfAttributes(state: string, stack: string): void {
  for (const file of filesOf(state, stack)) if (isHalf(file)) fs.rmSync(file, { force: true });
}

/**
 * Takes away what a kill left of files that were to take another one's place in a stack's state. To be
 * called while nobody writes it.
 *
 * @param state the backend's directory.
 */
export function clearTemporary(state: string, stack: string): void {
  for (const file of filesOf(state, stack)) {
    const isOurs =
      path.dirname(file) !== path.join(state, ".pulumi/stacks/tracekeep") ||
      path.basename(file).startsWith(`${stack}.json`);
    if (isOurs && /\.[0-9a-f]+\.tmp$/.test(file)) fs.rmSync(file, { force: true });
  }
}
