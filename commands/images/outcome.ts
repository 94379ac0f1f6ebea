import { RegistryError } from "./registry-error";

/** What became of one image, in a line. */
export interface Outcome {
  ok: boolean;
  words: string;
}

type Settled<T> = { ok: true; value: T } | { ok: false; reason: string };

/** A value, or why a registry did not give it. What is no registry's fault is thrown on. */
export async function settled<T>(work: () => Promise<T>): Promise<Settled<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (error instanceof RegistryError) return { ok: false, reason: error.message };
    throw error;
  }
}

/** Prints what became of each, and gives the exit code: 0 if all went well, else 1. */
export function report(outcomes: readonly Outcome[]): number {
  for (const { ok, words } of outcomes) process.stdout.write(`${ok ? "ok  " : "FAIL"} ${words}\n`);
  return outcomes.every(({ ok }) => ok) ? 0 : 1;
}
