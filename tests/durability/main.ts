import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Figures } from "./cases";
import { SPANS } from "./form";

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;

function table(figures: readonly Figures[]): void {
  console.log(
    "\n| test | what | sent | acknowledged | read back | lost | longest pushback | recovery |",
  );
  console.log("|---|---|---|---|---|---|---|---|");
  for (const each of figures) {
    const { test, what, sent, acknowledged, readBack, lost } = each;
    const times = [each.longestPushback, each.recovery].map(seconds);
    const cells = [test, what, sent, acknowledged, readBack, lost, ...times];
    console.log(`| ${cells.join(" | ")} |`);
  }
  for (const what of new Set(figures.map((each) => each.what))) {
    const of = (value: (one: Figures) => number) =>
      figures.filter((each) => each.what === what).reduce((sum, each) => sum + value(each), 0);
    console.log(
      `${what}: ${of((one) => one.acknowledged)} acknowledged, ${of((one) => one.readBack)} read ` +
        `back, ${of((one) => one.lost)} lost`,
    );
  }
}

/**
 * Runs every case with jest, prints what was counted, and fails where the whole list acknowledged
 * fewer spans than were asked for.
 *
 * @param args for jest; with a pattern of tests the number of spans is that of those tests
 * @returns the exit code
 */
export function durability(args: readonly string[]): number {
  const directory = mkdtempSync(join(tmpdir(), "tracekeep-figures-"));
  const file = join(directory, "figures");
  try {
    const { status } = spawnSync(
      process.execPath,
      [require.resolve("jest/bin/jest"), "--selectProjects=durability", "--maxWorkers=2", ...args],
      // What jest says goes to the other output: the table alone can be redirected.
      {
        stdio: ["inherit", 2, "inherit"],
        env: { ...process.env, TRACEKEEP_DURABILITY_FIGURES: file },
      },
    );
    // None, where no server is to be had.
    if (!existsSync(file)) return status ?? 1;
    const figures = readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Figures)
      // Files run side by side.
      .sort((one, other) => one.group.localeCompare(other.group));
    table(figures);
    const spans = figures
      .filter(({ what }) => what === "spans")
      .reduce((sum, { acknowledged }) => sum + acknowledged, 0);
    const isWhole = !args.some((arg) => /^(-t|--testNamePattern|--testPathPatterns)/.test(arg));
    if (isWhole && status === 0 && spans < SPANS) {
      console.error(`${spans} spans were acknowledged; the whole list is to have ${SPANS}`);
      return 1;
    }
    return status ?? 1;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

if (require.main === module) process.exitCode = durability(process.argv.slice(2));
