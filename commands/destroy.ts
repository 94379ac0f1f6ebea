import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { removeMark } from "./backup/progress-mark";
import { deployCommand, goesAhead, prepare, type DeployOptions, type Prepared } from "./deployment";
import type { Host } from "./hosts/host";
import { repair } from "./interrupted";
import { holding } from "./interrupted/stack-lock";
import { runPulumi } from "./pulumi";

interface DestroyOptions extends DeployOptions {
  deleteData?: boolean;
}

async function agreedToDelete(stack: string, yes: boolean | undefined): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY) {
    throw new Error(
      "--delete-data asks first; where nobody can answer, add --yes. Nothing was changed.",
    );
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(
      `All traces, logs, metrics and vectors of stack "${stack}" will be lost. Type its name to go on: `,
    );
    return answer.trim() === stack;
  } finally {
    lines.close();
  }
}

/** Removes what Pulumi keeps from being removed. */
async function unprotect(stack: string): Promise<boolean> {
  const { code } = await runPulumi(stack, ["state", "unprotect", "--all", "--yes"]);
  return code === 0;
}

async function deleteVolumes(host: Host): Promise<void> {
  for (const name of await host.dataVolumes()) {
    await host.deleteDataVolume(name);
    process.stdout.write(`Deleted: volume ${name}\n`);
  }
}

/** What stays, and how it would go. */
export function whatStays(stack: string, volumes: readonly string[]): string {
  if (volumes.length === 0) return "No data volume is left.\n";
  const option = stack === "dev" ? "" : ` --stack ${stack}`;
  return [
    "What stays:",
    ...volumes.map((name) => `  volume ${name}`),
    "The next `npm run up` goes on with this data, under a new CA: applications then take their",
    "certificates anew (`npm run env`).",
    `To delete it too: npm run destroy --${option} --delete-data`,
    "",
  ].join("\n");
}

async function takeDown(
  { config, host }: Prepared,
  pulumi: readonly string[],
  { stack, yes, deleteData }: DestroyOptions,
): Promise<void> {
  const needed = await repair(stack, host);
  if (deleteData && !(await unprotect(stack))) {
    throw new Error("Pulumi could not take the protection off; see above. No data was deleted.");
  }
  const ahead = deleteData === true || goesAhead(config, yes);
  const args = [
    "destroy",
    "--exclude-protected",
    ...(ahead ? ["--yes"] : []),
    ...needed,
    ...pulumi,
  ];
  const { code } = await runPulumi(stack, args);
  process.exitCode = code;
  if (code !== 0) return;
  if (deleteData) {
    await deleteVolumes(host);
    removeMark(stack);
  }
  process.stdout.write(`\n${whatStays(stack, await host.dataVolumes())}`);
}

async function destroy(pulumi: string[], options: DestroyOptions): Promise<void> {
  const { stack, yes, deleteData } = options;
  const prepared = await prepare(stack);
  if (deleteData && !(await agreedToDelete(stack, yes))) {
    process.stdout.write("Nothing was changed.\n");
    process.exitCode = 1;
    return;
  }
  await holding(stack, () => takeDown(prepared, pulumi, options));
}

export function register(program: Command): void {
  deployCommand(
    program,
    "destroy",
    "Take the stack down. Data volumes, and the generated secrets that belong to them, stay.",
  )
    .option("-y, --yes", "do not ask")
    .option("--delete-data", "delete the data volumes too, protected or not")
    .action(destroy);
}
