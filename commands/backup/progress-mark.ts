import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { home } from "../paths";
import { writePrivate } from "../private-files";

const markSchema = z.strictObject({
  /** Which backup is being restored: when it was begun. */
  backup: z.string(),
  /** Names of parts that are back. */
  done: z.array(z.string()),
  /** Buckets that were empty when it began, and are its own to fill. */
  buckets: z.array(z.string()).default([]),
  /** Whether everything is back that `up` goes by. */
  deployable: z.boolean(),
});

/** How far the restore of a stack is, where one was begun and is not done. */
export type Mark = z.output<typeof markSchema>;

const fileOf = (stack: string) => path.join(home(), `restore-${stack}.json`);

export function readMark(stack: string): Mark | undefined {
  const file = fileOf(stack);
  if (!fs.existsSync(file)) return undefined;
  return markSchema.parse(JSON.parse(fs.readFileSync(file, "utf8")));
}

export function writeMark(stack: string, mark: Mark): void {
  const file = fileOf(stack);
  writePrivate(path.dirname(file), { [path.basename(file)]: JSON.stringify(mark) });
}

export const removeMark = (stack: string): void => fs.rmSync(fileOf(stack), { force: true });

/** @throws {Error} if a restore of the stack was interrupted: what `up` made would lack the rest. */
export function expectNoHalfRestore(stack: string): void {
  if (readMark(stack)?.deployable !== false) return;
  throw new Error(
    `A restore of stack "${stack}" was interrupted, and its data is not all back. Run the same restore ` +
      `again, which goes on, or give it up: npm run destroy -- --stack ${stack} --delete-data. Nothing was changed.`,
  );
}
