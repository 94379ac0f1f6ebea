import { stringify } from "yaml";
import { ObservabilityStack } from "../components/stack/observability-stack";
import type { StackConfig } from "../config/parse";
import { evaluate } from "../policy/evaluate";
import { targetOf } from "../targets";
import { plan, type Planned } from "./engine";
import { PLAN_FILE, POLICIES_FILE } from "./side";

/** Every resource that a stack's program asks the engine for. */
export function stackPlan(config: StackConfig): Promise<Planned> {
  return plan(config.stack, () => {
    new ObservabilityStack("tracekeep", { config, target: targetOf(config) });
  });
}

const yaml = (value: unknown) => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });

/** The same as files of a rendering, with what the policy pack finds in it. */
export async function planFiles(config: StackConfig): Promise<Map<string, string>> {
  const { resources, subjects } = await stackPlan(config);
  const violations = evaluate(subjects, { environment: config.environment });
  return new Map([
    [PLAN_FILE, yaml(resources)],
    [POLICIES_FILE, yaml(violations)],
  ]);
}
