import type { Command } from "commander";
import { deployCommand, prepare, type DeployOptions } from "./deployment";
import { runPulumi } from "./pulumi";

async function preview(pulumi: string[], { stack }: DeployOptions): Promise<void> {
  await prepare(stack);
  process.exitCode = (await runPulumi(stack, ["preview", ...pulumi])).code;
}

export function register(program: Command): void {
  deployCommand(
    program,
    "preview",
    "Show what `up` would change, and change nothing (`-- -- --diff` shows every property).",
  ).action(preview);
}
