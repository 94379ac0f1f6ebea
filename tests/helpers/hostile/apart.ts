import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import type { ATTACKS, Answers } from "./attacks";
import type { AttackInput } from "./process";

type Attack = keyof typeof ATTACKS;

/**
 * Attacks from a process of its own: what it costs to be hostile must not slow down the senders whose
 * times are measured.
 */
export async function attackApart<A extends Attack>(
  attack: A,
  ...[victims, more]: Parameters<(typeof ATTACKS)[A]>
): Promise<Answers> {
  const child = spawn(process.execPath, ["--import", "tsx", join(__dirname, "process.ts")], {
    cwd: resolve(__dirname, "../../.."),
    stdio: ["pipe", "pipe", "pipe"],
  });
  const input: AttackInput = { attack, victims, more };
  child.stdin.end(JSON.stringify(input));
  const [output, problems] = await Promise.all([text(child.stdout), text(child.stderr)]);
  try {
    return JSON.parse(output) as Answers;
  } catch {
    throw new Error(`the attack "${attack}" ended without results:\n${problems}`);
  }
}
