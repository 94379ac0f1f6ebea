import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import type { VerificationTarget } from "../../components/verification/target";
import { verify } from "../../components/verification/verify";

/** What `verifyApart` hands over on standard input. */
export interface VerifyInput {
  target: VerificationTarget;
  /** Files with the services' output. */
  logs: Record<string, string>;
}

async function main(): Promise<void> {
  const { target, logs } = JSON.parse(await text(process.stdin)) as VerifyInput;
  const results = await verify(target, {
    readLog: (service, beside = service) =>
      Promise.resolve(beside in logs ? readFileSync(logs[beside], "utf8").slice(-200_000) : ""),
  });
  process.stdout.write(JSON.stringify(results));
}

void main();
