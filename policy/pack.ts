import type {
  EnforcementLevel,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from "@pulumi/policy";
import { LEVELS, stageOf } from "./levels";
import { defaultsOf, findInResource, findInStack, type Finding, type Rule } from "./rule";
import { RULES } from "./rules";

type Policy = ResourceValidationPolicy | StackValidationPolicy;

function policy(rule: Rule, enforcementLevel: EnforcementLevel): Policy {
  const { name, description, options } = rule;
  const described = {
    name,
    description,
    enforcementLevel,
    ...(options && { configSchema: { properties: options } }),
  };
  // An engine without a configuration for the pack gives none of the defaults either.
  const defaults = defaultsOf(rule);
  const report = (found: readonly Finding[], violation: (message: string, urn?: string) => void) =>
    found.forEach(({ where, urn }) => violation(where, urn));
  return rule.kind === "resource"
    ? {
        ...described,
        validateResource: (args, violation) =>
          report(findInResource(rule, args, { ...defaults, ...args.getConfig() }), violation),
      }
    : {
        ...described,
        validateStack: (args, violation) =>
          report(
            findInStack(rule, args.resources, { ...defaults, ...args.getConfig() }),
            violation,
          ),
      };
}

/** The policies of rules as they count in an environment. */
export function policies(environment?: string, rules: readonly Rule[] = RULES): Policy[] {
  const levels = LEVELS[stageOf(environment)];
  return rules.map((rule) => policy(rule, levels[rule.scope ?? "everywhere"]));
}
