import type { Options, Rule, Subject } from "../../../policy/rule";

/** Some resources together. */
export type Resources = Subject | readonly Subject[];

/** What shows that a rule tells right from wrong. */
export interface Case {
  rule: Rule;
  /** Resources in which it finds nothing. */
  passing: readonly Resources[];
  /** Resources in which it finds something, by what is wrong with them. */
  failing: Readonly<Record<string, Resources>>;
  /** What it says of some of those that fail. */
  says?: Readonly<Record<string, readonly string[]>>;
  /** Resources that fail by the rule's defaults and pass with these settings of the pack. */
  allowed?: readonly (readonly [Options, Resources])[];
}

export const subjectsOf = (resources: Resources): readonly Subject[] =>
  "type" in resources ? [resources] : resources;
