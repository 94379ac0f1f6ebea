import type { Problem, StackConfig } from "../parse";

/** A look at several options at once; empty when they agree. */
export type Check = (
  config: StackConfig,
  environment: Readonly<Record<string, string | undefined>>,
) => Problem[];
