import type { EnforcementLevel } from "@pulumi/policy";
import { LEVELS, stageOf } from "./levels";
import {
  defaultsOf,
  findInResource,
  findInStack,
  type Options,
  type Rule,
  type Subject,
} from "./rule";
import { RULES } from "./rules";
import { checkingUnknown } from "./unknown";

/** What a rule found, as the engine would report it. */
export interface Violation {
  rule: string;
  level: EnforcementLevel;
  /** The rule's sentence: what must be so. */
  description: string;
  /** What is wrong and where, in words that hold no property's value. */
  message: string;
  /** Of the resource; undefined where it is the stack's as a whole. */
  urn?: string;
}

export interface Evaluation {
  /** Name of the environment. Default: one that is in production. */
  environment?: string;
  /** Settings of rules by name, as the pack's own configuration has them. */
  settings?: Readonly<Record<string, Options>>;
  rules?: readonly Rule[];
}

/**
 * What the pack finds in resources, without an engine. Values that are not known may stand in them
 * as the engine's marks.
 */
export function evaluate(
  subjects: readonly Subject[],
  { environment, settings = {}, rules = RULES }: Evaluation = {},
): Violation[] {
  const levels = LEVELS[stageOf(environment)];
  const seen = subjects.map((subject) => ({
    ...subject,
    props: checkingUnknown(subject.props),
  }));
  return rules.flatMap((rule) => {
    const level = levels[rule.scope ?? "everywhere"];
    if (level === "disabled") return [];
    const options = { ...defaultsOf(rule), ...settings[rule.name] };
    const found =
      rule.kind === "stack"
        ? findInStack(rule, seen, options)
        : seen.flatMap((subject) =>
            findInResource(rule, subject, options).map((finding) => ({
              urn: subject.urn,
              ...finding,
            })),
          );
    const { name, description } = rule;
    return found.map(({ where, urn }) => ({ rule: name, level, description, message: where, urn }));
  });
}
