import { appendFileSync } from "node:fs";
import { findProgram, howToGet, type Program } from "./servers";

/** Adds a line to the file that `TRACEKEEP_SKIPPED_FILE` names, for the summary at the end of a run. */
export function noteSkipped(line: string): void {
  const file = process.env.TRACEKEEP_SKIPPED_FILE;
  if (file) appendFileSync(file, `${line}\n`);
}

/** A `describe` that shows as skipped, with what it lacks, where it lacks something. */
export function describeUnless(lacking: readonly string[], title: string, tests: () => void): void {
  if (lacking.length === 0) {
    describe(title, tests);
    return;
  }
  const reason = lacking.join("; ");
  noteSkipped(`${title}: ${reason}`);
  // Skipped only for what the machine lacks, which the summary names; never for a test that fails.
  describe.skip(`${title} (${reason})`, tests);
}

/**
 * A `describe` that needs programs. Where one is missing the group shows as skipped, with the
 * program's name, and is named in the summary.
 */
export function describeWith(programs: readonly Program[], title: string, tests: () => void): void {
  const missing = programs.filter((program) => findProgram(program) === undefined);
  const lacking = missing.length === 0 ? [] : [`no ${missing.join(", ")}: ${howToGet}`];
  describeUnless(lacking, title, tests);
}
