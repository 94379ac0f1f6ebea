import { stringify } from "yaml";
import { ObservabilityStack } from "../components/stack/observability-stack";
import type { StackConfig } from "../config/parse";
import { targetOf } from "../targets";
import { plan, type PlannedResource } from "./engine";
import { PLAN_FILE } from "./side";

/** Every resource that a stack's program asks the engine for. */
export function stackPlan(config: StackConfig): Promise<PlannedResource[]> {
  return plan(config.stack, () => {
    new ObservabilityStack("tracekeep", { config, target: targetOf(config) });
  });
}

/** The same as a file of a rendering. */
export async function planFile(config: StackConfig): Promise<Map<string, string>> {
  const resources = await stackPlan(config);
  return new Map([
    [PLAN_FILE, stringify(resources, { lineWidth: 0, aliasDuplicateObjects: false })],
  ]);
}
