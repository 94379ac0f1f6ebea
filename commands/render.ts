import * as fs from "node:fs";
import * as path from "node:path";
import type { Command } from "commander";
import { lockComplaint } from "../components/stack/unlocked-images";
import type { StackConfig } from "../config/parse";
import { UNREADABLE } from "../config/types";
import { elapsed } from "./progress";
import { renderStack, type Rendering } from "./rendering";
import { readStackConfig } from "./stack-config";

/** S3 credentials are no part of what is rendered; that there are some is taken for granted. */
const ENVIRONMENT = { AWS_ACCESS_KEY_ID: UNREADABLE, AWS_SECRET_ACCESS_KEY: UNREADABLE };

/** Empties what an earlier rendering wrote; anything else is not ours to delete. */
function clear(directory: string): void {
  if (!fs.existsSync(directory)) return;
  const entries = fs.readdirSync(directory);
  if (entries.length > 0 && !entries.includes("resources.yaml")) {
    throw new Error(
      `${directory} is not empty and holds no earlier rendering. Name another directory with --out.`,
    );
  }
  fs.rmSync(directory, { recursive: true });
}

/** A stack's configuration from its file, for what is only looked at. */
export const configToShow = (stack: string, warn?: (line: string) => void): StackConfig =>
  readStackConfig(stack, { environment: ENVIRONMENT, warn });

function write(directory: string, rendering: Rendering): void {
  for (const [name, content] of rendering) {
    const file = path.join(directory, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
  }
}

/** Writes the rendering of a stack into a directory and returns the number of files. */
export function renderTo(stack: string, directory: string, warn?: (line: string) => void): number {
  const config = configToShow(stack, warn);
  const complaint = lockComplaint(config);
  if (complaint !== undefined) warn?.(`${complaint}\n\`up\` would refuse them.`);
  const rendering = renderStack(config);
  clear(directory);
  write(directory, rendering);
  return rendering.size;
}

/** Writes beside a rendering what the engine would be asked to make, and what policies find in it. */
async function planTo(stack: string, directory: string): Promise<void> {
  // Only here, for it loads the engine's SDK and every provider's.
  const { planFiles } = await import("../review/stack-plan.js");
  write(directory, await planFiles(configToShow(stack)));
}

export function register(program: Command): void {
  program
    .command("render")
    .description(
      "Write every configuration file and the list of resources that the stack would have. " +
        "Needs neither Docker nor the Pulumi CLI nor a network; secrets appear by name only.",
    )
    .option("-s, --stack <name>", "the stack, from Pulumi.<name>.yaml", "dev")
    .option("-o, --out <directory>", "where to write it (default: rendered/<stack>)")
    .option(
      "--plan",
      "also every resource that the engine would be asked for (plan.yaml) and what policies find (policies.yaml)",
    )
    .action(async ({ stack, out, plan }: { stack: string; out?: string; plan?: true }) => {
      const start = Date.now();
      const directory = path.resolve(out ?? path.join("rendered", stack));
      const files = renderTo(stack, directory, (line) => process.stderr.write(`${line}\n`));
      if (plan) await planTo(stack, directory);
      process.stdout.write(
        `${files} files of stack "${stack}" in ${directory} (${elapsed(start)})\n`,
      );
    });
}
