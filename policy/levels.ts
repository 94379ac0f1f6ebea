import type { EnforcementLevel } from "@pulumi/policy";

/** Where a rule counts: everywhere, or only where others depend on the stack. */
export type Scope = "everywhere" | "production";

export type Stage = "development" | "production";

/** Environments (`environment`, by default the stack's name) in which nobody else depends on it. */
const DEVELOPMENT: readonly string[] = ["dev"];

/** What becomes of a violation. */
export const LEVELS: Readonly<Record<Stage, Readonly<Record<Scope, EnforcementLevel>>>> = {
  development: { everywhere: "advisory", production: "disabled" },
  production: { everywhere: "mandatory", production: "mandatory" },
};

/** The stage of an environment; of one that is not known, production. */
export function stageOf(environment?: string): Stage {
  return environment !== undefined && DEVELOPMENT.includes(environment)
    ? "development"
    : "production";
}
