import { writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import type { Command } from "commander";
import { withForwards } from "../components/verification/forward";
import type { HopResult } from "../components/verification/hop";
import {
  exitCode,
  formatHop,
  formatSummary,
  summarize,
  withoutSecrets,
} from "../components/verification/report";
import {
  verificationTargetSchema,
  type VerificationTarget,
} from "../components/verification/target";
import { verify } from "../components/verification/verify";
import { serviceLogs } from "./service-logs";
import { readVerificationTarget } from "./stack-outputs";

/** Names the file that gets the report of a verification inside of `up`. */
export const REPORT_VARIABLE = "TRACEKEEP_VERIFICATION_REPORT";

/** The target that the verification resource hands over. @throws without repeating what it read. */
async function targetFromStdin(): Promise<VerificationTarget> {
  let json: unknown;
  try {
    json = JSON.parse(await text(process.stdin));
  } catch {
    throw new Error("standard input holds no JSON of a verification target");
  }
  const result = verificationTargetSchema.safeParse(json);
  if (result.success) return result.data;
  const paths = result.error.issues.map(({ path }) => path.join(".")).join(", ");
  throw new Error(`standard input is no verification target: ${paths}`);
}

/**
 * Verifies a target, printing one line a hop as it is done.
 *
 * @returns the exit code: 0 if every hop is well, else 1.
 */
export async function verifyTarget(
  target: VerificationTarget,
  { json = false, print = (line: string) => void process.stdout.write(`${line}\n`) } = {},
): Promise<number> {
  const startedAt = Date.now();
  const say = (line: string) => print(withoutSecrets(line, target));
  const off = (result: HopResult) => result.status === "skipped";
  const results = await withForwards(target, (reachable) =>
    verify(reachable, {
      readLog: serviceLogs(target.stack),
      // What is switched off is named once, at the end.
      report: (result) => void (!json && !off(result) && say(formatHop(result))),
    }),
  );
  const seconds = (Date.now() - startedAt) / 1000;
  if (json) {
    const summary = { ...summarize(results, target.services), seconds };
    say(JSON.stringify({ ok: exitCode(results) === 0, summary, hops: results }, null, 2));
  } else {
    say(formatSummary(results, target, seconds));
  }
  return exitCode(results);
}

export function register(program: Command): void {
  program
    .command("verify")
    .description(
      "Send a real trace, log, metric and vector through the running stack and read them back, " +
        "one line a hop. Exit code 0 if every hop is well, else 1. Takes up to two minutes.",
    )
    .option("-s, --stack <name>", "the stack", "dev")
    .option("--json", "print one JSON document in place of lines", false)
    .option(
      "--from-stdin",
      "take addresses and keys from standard input, not from the stack",
      false,
    )
    .action(async ({ stack, json, fromStdin }: Record<string, never>) => {
      // gRPC's client gives an address for a server name, and Node warns; the name is checked anyway.
      process.noDeprecation = true;
      const target = fromStdin ? await targetFromStdin() : await readVerificationTarget(stack);
      if (!json) {
        process.stderr.write(
          `Verifying stack "${target.stack}": real traffic in and back; the search alone takes half a minute …\n`,
        );
      }
      const lines: string[] = [];
      const code = await verifyTarget(target, {
        json,
        print: (line) => {
          lines.push(line);
          process.stdout.write(`${line}\n`);
        },
      });
      process.exitCode = code;
      // Inside of Pulumi's run, which has shown the hops: `up` ends with the sum of them in place of
      // verifying a second time.
      const report = process.env[REPORT_VARIABLE];
      if (code === 0 && fromStdin && report) {
        writeFileSync(report, `${lines.at(-1)}\n`, { mode: 0o600 });
      }
    });
}
