import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import type { HopResult } from "../../components/verification/hop";
import type { VerificationTarget } from "../../components/verification/target";
import type { VerifyInput } from "./verify-process";

/**
 * Verifies in a process of its own, as `up` does: the SDK's exporters load modules in a way that
 * Jest's own loader does not have.
 */
export async function verifyApart(input: VerifyInput): Promise<HopResult[]> {
  const child = spawn(process.execPath, ["--import", "tsx", join(__dirname, "verify-process.ts")], {
    cwd: resolve(__dirname, "../.."),
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end(JSON.stringify(input));
  const [output, problems] = await Promise.all([text(child.stdout), text(child.stderr)]);
  try {
    return JSON.parse(output) as HopResult[];
  } catch {
    throw new Error(`the verification ended without results:\n${problems}`);
  }
}

/** Runs `verify --from-stdin`, as the last resource of `up` does. */
export async function verifyCommand(target: VerificationTarget, args: readonly string[] = []) {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "commands/main.ts", "verify", "--from-stdin", ...args],
    { cwd: resolve(__dirname, "../.."), stdio: ["pipe", "pipe", "pipe"] },
  );
  child.stdin.end(JSON.stringify(target));
  const code = new Promise<number | null>((done) => child.once("close", done));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}
