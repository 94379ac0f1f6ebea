import type { Command } from "commander";
import type { StackConfig } from "../config/parse";
import { hostOf } from "./hosts";
import type { Host } from "./hosts/host";
import { withProgress } from "./progress";
import { readStackConfig } from "./stack-config";

/** What the commands that deploy have in common. */
export interface DeployOptions {
  stack: string;
  yes?: boolean;
}

/** A stack's configuration, and what it runs on, which has answered. */
export interface Prepared {
  config: StackConfig;
  host: Host;
}

/** A command that acts on a deployed stack; what follows `--` goes to Pulumi. */
export function deployCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .argument("[pulumi...]", "after a further `--`: options of Pulumi, such as --refresh or --diff")
    .option("-s, --stack <name>", "the stack, from Pulumi.<name>.yaml", "dev");
}

/**
 * The stack's configuration, checked whole, and what it runs on, which has answered.
 *
 * @throws {Error} before anything is changed.
 */
export async function prepare(stack: string): Promise<Prepared> {
  const config = readStackConfig(stack, {
    environment: process.env,
    warn: (line) => process.stderr.write(`${line}\n`),
  });
  const { label, isFar, open } = hostOf(config);
  const check = () => open(config);
  const host = await (isFar(config)
    ? withProgress(`Looking for ${label(config)}`, check)
    : check());
  return { config, host };
}

/**
 * Whether Pulumi is to go ahead without a question: asked for, nobody there to answer, or a stack
 * whose data is not protected.
 */
export function goesAhead(config: StackConfig, yes: boolean | undefined): boolean {
  return yes === true || !process.stdin.isTTY || !config.volumes.protect;
}
