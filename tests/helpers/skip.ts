import { appendFileSync } from "node:fs";
import { findProgram, howToGet, type Program } from "./servers";

/**
 * A `describe` that needs programs. Where one is missing the group shows as skipped, with the
 * program's name, and a line goes to the file that `TRACEKEEP_SKIPPED_FILE` names, for the summary
 * at the end of a run.
 */
export function describeWith(programs: readonly Program[], title: string, tests: () => void): void {
  const missing = programs.filter((program) => findProgram(program) === undefined);
  if (missing.length === 0) {
    describe(title, tests);
    return;
  }
  const reason = `no ${missing.join(", ")}: ${howToGet}`;
  const file = process.env.TRACEKEEP_SKIPPED_FILE;
  if (file) appendFileSync(file, `${title}: ${reason}\n`);
  describe.skip(`${title} (${reason})`, tests);
}
