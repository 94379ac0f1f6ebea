/** One thing that is not as the stack made it. */
export interface Finding {
  /** What it is, and whose: `container tempo`. */
  what: string;
  /** What became of it, each a sentence's end: `is gone`, `memory was 128, is 300`. */
  how: string[];
  /** What to do before the next `up`, where that alone would not put it right. */
  mend?: string;
}

/** A resource as the engine's state has it, secrets in clear. */
export interface StateResource {
  urn: string;
  type: string;
  inputs: Record<string, unknown>;
}

/** Findings for people, a line each, in the order of what they are of. */
export function findingLines(findings: readonly Finding[]): string[] {
  return [...findings]
    .sort((a, b) => (a.what < b.what ? -1 : 1))
    .flatMap(({ what, how }) => how.map((one) => `  ${what}: ${one}`));
}
