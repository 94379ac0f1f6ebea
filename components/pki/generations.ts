/**
 * Which CAs a stack trusts, and which of them signs. A CA is known by its generation, a number that
 * grows with each rotation.
 */
export interface Generations {
  /** The one that signs. */
  generation: number;
  /** One more whose certificates are accepted: the next before it signs, or the last after it did. */
  alsoTrusted?: number;
}

/** Where a rotation stands: at rest, or behind its first or second of three steps. */
export type Phase = "one" | "both trusted" | "new signs";

/** Every generation that is trusted, the oldest first. */
export function trustedGenerations({ generation, alsoTrusted }: Generations): number[] {
  return alsoTrusted === undefined ? [generation] : [generation, alsoTrusted].sort((a, b) => a - b);
}

export function phaseOf({ generation, alsoTrusted }: Generations): Phase {
  if (alsoTrusted === undefined) return "one";
  return alsoTrusted > generation ? "both trusted" : "new signs";
}

/**
 * What follows, at whose every moment old and new certificates are both accepted: trust the next,
 * sign with it, trust the last no more. Behind that the next rotation begins.
 */
export function nextOf(generations: Generations): Generations {
  const { generation } = generations;
  switch (phaseOf(generations)) {
    case "one":
      return { generation, alsoTrusted: generation + 1 };
    case "both trusted":
      return { generation: generation + 1, alsoTrusted: generation };
    case "new signs":
      return { generation };
  }
}

/** A CA that nobody has known yet, alone: what was trusted is refused from now on. */
export function freshFrom(generations: Generations): Generations {
  return { generation: Math.max(...trustedGenerations(generations)) + 1 };
}

/**
 * Whether going from what is deployed to what is wanted makes processes and applications refuse each
 * other until each has its new files: who has the old ones must trust the new signer, and the new
 * ones the old.
 */
export function cutsOff(deployed: Generations, wanted: Generations): boolean {
  return (
    !trustedGenerations(deployed).includes(wanted.generation) ||
    !trustedGenerations(wanted).includes(deployed.generation)
  );
}
