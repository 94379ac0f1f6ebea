import { text } from "node:stream/consumers";
import type { Command } from "commander";
import {
  verificationTargetSchema,
  type VerificationTarget,
} from "../components/verification/target";
import { UNREADABLE } from "../config/types";
import { misfits } from "../config/space";
import { readStackConfig } from "./stack-config";
import { readVerificationTarget } from "./stack-outputs";
import { measure } from "./space/measure";
import { fitLines, spaceTable } from "./space/report";

/** Exit code where a store cannot keep what it is to; 1 is for what went wrong. */
export const DOES_NOT_FIT = 2;

/** S3 credentials are not asked for here; that there are some is taken for granted. */
const ENVIRONMENT = { AWS_ACCESS_KEY_ID: UNREADABLE, AWS_SECRET_ACCESS_KEY: UNREADABLE };

/** As `verify` gets it: for tests and for what has no state at hand. */
async function fromStdin(): Promise<VerificationTarget> {
  const result = verificationTargetSchema.safeParse(JSON.parse(await text(process.stdin)));
  if (!result.success) throw new Error("standard input is no verification target");
  return result.data;
}

async function space(stack: string, { fit, stdin }: { fit: boolean; stdin: boolean }) {
  const config = readStackConfig(stack, { environment: ENVIRONMENT });
  const measured = await measure(await (stdin ? fromStdin() : readVerificationTarget(stack)));
  process.stdout.write(`${spaceTable(config, measured)}\n`);
  const wrong = misfits(config, measured.written);
  for (const { sentence } of wrong) process.stdout.write(`\n${sentence}\n`);
  if (wrong.length > 0) process.exitCode = DOES_NOT_FIT;
  if (!fit) return;
  const lines = fitLines(config, measured);
  process.stdout.write(
    lines.length === 0
      ? "\nEverything fits: there is nothing to change.\n"
      : `\nIn Pulumi.${stack}.yaml, under \`config:\`, then npm run up -- --stack ${stack}:\n${lines.join("\n")}\n`,
  );
}

export function register(program: Command): void {
  program
    .command("space")
    .description(
      "What each store holds, writes in a day and may fill, when it will be full, and how long it can " +
        `keep what it gets. Changes nothing. Exit code: 0 if all fits, ${DOES_NOT_FIT} if not.`,
    )
    .option("-s, --stack <name>", "the stack, from Pulumi.<name>.yaml", "dev")
    .option("--fit", "print the lines of the stack's file with which everything fits", false)
    .option(
      "--from-stdin",
      "take addresses and keys from standard input, not from the stack",
      false,
    )
    .action(
      ({ stack, fit, fromStdin: stdin }: { stack: string; fit: boolean; fromStdin: boolean }) =>
        space(stack, { fit, stdin }),
    );
}
