import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { parseConfig, type StackConfig } from "../../config/parse";
import type { PlannedSubject } from "../../review/engine";
import { stackPlan } from "../../review/stack-plan";

type Options = Record<string, unknown>;

/** Options of a stack's file. */
export function fileOptions(stack: string): Options {
  const file = join(__dirname, `../../Pulumi.${stack}.yaml`);
  const { config } = parse(readFileSync(file, "utf8")) as { config: Options };
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key.replace(/^tracekeep:/, ""), value]),
  );
}

export function configOf(options: Options, stack: string): StackConfig {
  const environment = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "key" };
  return parseConfig(options, { stack, environment });
}

/** What the engine would hand to a policy pack of a stack with this configuration. */
export const recordedStack = async (config: StackConfig): Promise<PlannedSubject[]> =>
  (await stackPlan(config)).subjects;
