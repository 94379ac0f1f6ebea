import type { PolicyConfigSchema, PolicyResource, ResourceValidationArgs } from "@pulumi/policy";
import type { Scope } from "./levels";
import { attempt, known } from "./unknown";

/** A resource, or what the stack has of it at the end. */
export type Subject = Pick<
  ResourceValidationArgs | PolicyResource,
  "type" | "name" | "urn" | "props" | "opts"
>;

export type RuleTarget = "docker" | "kubernetes";

/** Settings of a rule: the pack's own configuration may change them. */
export type Options = Readonly<Record<string, unknown>>;

/** One thing that a rule found: what is wrong and where, in words that hold no property's value. */
export interface Finding {
  where: string;
  urn?: string;
}

interface Described {
  /** Of the policy, in the words of the pack's configuration. */
  name: string;
  /** One sentence: what must be so. */
  description: string;
  /** Default: everywhere. */
  scope?: Scope;
  /** Default: both. */
  targets?: readonly RuleTarget[];
  /** Each with a description and a default. */
  options?: PolicyConfigSchema["properties"];
}

/** A part of a resource that a rule looks at, with words for which one it is. */
export interface Part {
  where: string;
}

/** Whether something is wrong, or what. */
export type Broken = boolean | readonly string[] | undefined;

/** Looks at the parts of each resource before it is made or changed. */
export interface ResourceRule<T extends Part = Part> extends Described {
  kind: "resource";
  /** None where the resource is of another kind. */
  parts(subject: Subject): readonly T[];
  broken(part: T, options: Options): Broken;
}

/** Looks at all resources together, at the end of a preview or an update. */
export interface StackRule extends Described {
  kind: "stack";
  find(subjects: readonly Subject[], options: Options): readonly Finding[];
}

export type Rule = ResourceRule | StackRule;

/** The settings of a rule where nothing else is said. */
export const defaultsOf = ({ options = {} }: Rule): Options =>
  Object.fromEntries(Object.entries(options).map(([name, schema]) => [name, schema.default]));

/** Rules over one kind of part. */
export const rulesOver =
  <T extends Part>(parts: (subject: Subject) => readonly T[]) =>
  <O extends object = object>({
    broken,
    ...described
  }: Described & { broken: (part: T, options: O) => Broken }): ResourceRule =>
    ({
      ...described,
      kind: "resource",
      parts,
      broken,
    }) as ResourceRule<T> as unknown as ResourceRule;

/** A rule over the stack as a whole. */
export const stackRule = <O extends object = object>(
  rule: Described & { find: (subjects: readonly Subject[], options: O) => readonly Finding[] },
): StackRule => ({ ...rule, kind: "stack" }) as StackRule;

function findings({ where }: Part, broken: Broken): Finding[] {
  if (typeof broken === "object") return broken.map((what) => ({ where: `${where}: ${what}` }));
  return broken === true ? [{ where }] : [];
}

/**
 * What a rule finds in a resource. Each part is looked at for itself: one whose verdict hangs on a
 * value that is not known yet keeps no other from being judged.
 */
export const findInResource = (rule: ResourceRule, subject: Subject, options: Options): Finding[] =>
  known(attempt(() => rule.parts(subject))).flatMap((part) =>
    findings(
      part,
      attempt(() => rule.broken(part, options)),
    ),
  );

/** What a rule finds in a stack: nothing where it cannot be known yet. */
export function findInStack(
  rule: StackRule,
  subjects: readonly Subject[],
  options: Options,
): readonly Finding[] {
  const found = attempt(() => rule.find(subjects, options)) ?? [];
  // The CLI ends with a panic when it is to show what is of no resource (3.250).
  const stack = subjects.find(({ type }) => type === "pulumi:pulumi:Stack") ?? subjects[0];
  return found.map((finding) => ({ ...finding, urn: finding.urn ?? stack?.urn }));
}
