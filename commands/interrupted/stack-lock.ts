import * as fs from "node:fs";
import * as path from "node:path";
import { home } from "../paths";
import { heldBy, isGone, readHolder, thisHolder } from "./holder";
import { clearKilled } from "./killed";

const lockFile = (stack: string) => path.join(home(), "locks", `${stack}.json`);

function textOf(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Puts a lock that nobody holds any more out of the way, if it still is the one that was read. */
function clear(file: string, text: string): void {
  const aside = `${file}.${process.pid}`;
  try {
    fs.renameSync(file, aside);
  } catch {
    return;
  }
  try {
    // Somebody else was faster, and it is theirs.
    if (fs.readFileSync(aside, "utf8") !== text) fs.linkSync(aside, file);
  } finally {
    fs.rmSync(aside, { force: true });
  }
}

/** @throws {Error} that says who has it. */
function take(stack: string): string {
  const file = lockFile(stack);
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const mine = `${file}.${process.pid}.new`;
  fs.writeFileSync(mine, JSON.stringify(thisHolder()), { mode: 0o600 });
  try {
    for (;;) {
      try {
        // A link is there whole or not at all.
        fs.linkSync(mine, file);
        return file;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      const text = textOf(file);
      if (text === undefined) continue;
      const holder = readHolder(text);
      if (holder !== undefined && !isGone(holder)) throw new Error(heldBy(stack, holder));
      clear(file, text);
    }
  } finally {
    fs.rmSync(mine, { force: true });
  }
}

/**
 * Does something that nothing else on this machine does to the stack meanwhile, not even what is left
 * of a run that was killed. Pulumi's own lock begins later and ends earlier.
 *
 * @throws {Error} that says who has the stack, before anything is done.
 */
export async function holding<T>(stack: string, work: () => Promise<T>): Promise<T> {
  const file = take(stack);
  const release = () => fs.rmSync(file, { force: true });
  process.once("exit", release);
  try {
    await clearKilled(stack);
    return await work();
  } finally {
    process.off("exit", release);
    release();
  }
}
