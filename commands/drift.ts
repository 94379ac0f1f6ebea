import type { Command } from "commander";
import { prepare } from "./deployment";
import { engineFindings } from "./drift/engine";
import { findingLines, type Finding, type StateResource } from "./drift/finding";
import { exportState } from "./exported-state";
import { elapsed, withProgress } from "./progress";
import { runPulumi } from "./pulumi";

/** Exit code where something changed behind the stack's back; 1 is for what went wrong. */
export const DRIFTED = 2;

async function captured(stack: string, args: string[], what: string): Promise<string> {
  const { code, stdout } = await runPulumi(stack, args, { capture: true });
  if (code !== 0) throw new Error(`${what} of stack "${stack}" could not be read; see above.`);
  return stdout;
}

/** The resources of a stack's state. Their secrets are in clear, and are compared, never printed. */
async function stateOf(stack: string): Promise<StateResource[]> {
  const { deployment } = await exportState(stack, { showSecrets: true });
  return deployment.resources.map(({ urn, type, inputs = {} }) => ({ urn, type, inputs }));
}

/** What of a deployed stack is not as `up` left it. Nothing is changed, the state neither. */
export async function drift(stack: string): Promise<Finding[]> {
  const { host } = await prepare(stack);
  const resources = await stateOf(stack);
  if (resources.length === 0) {
    throw new Error(`The stack "${stack}" is not deployed: there is nothing to compare with.`);
  }
  const printed = await withProgress("Looking at everything that the stack made", () =>
    captured(stack, ["refresh", "--preview-only", "--json", "--non-interactive"], "What is there"),
  );
  return [...engineFindings(printed), ...(await host.drift(resources))];
}

/** What to type to have it again as it was. */
function putRight(stack: string, findings: readonly Finding[]): string {
  const commands = findings.flatMap(({ mend }) => (mend === undefined ? [] : [mend]));
  return [
    "To have it as it was:",
    ...[...new Set(commands), `npm run up -- --stack ${stack} -- --refresh`].map(
      (command) => `  ${command}`,
    ),
  ].join("\n");
}

export function register(program: Command): void {
  program
    .command("drift")
    .description(
      "Name everything that changed behind the stack's back since the last `up`, what it was and " +
        `what it is. Changes nothing. Exit code: 0 for none, ${DRIFTED} for some.`,
    )
    .option("-s, --stack <name>", "the stack, from Pulumi.<name>.yaml", "dev")
    .action(async ({ stack }: { stack: string }) => {
      const start = Date.now();
      const findings = await drift(stack);
      if (findings.length === 0) {
        process.stdout.write(`Stack "${stack}" is as \`up\` left it (${elapsed(start)}).\n`);
        return;
      }
      process.stdout.write(
        `Stack "${stack}" is not as \`up\` left it (${elapsed(start)}):\n` +
          `${findingLines(findings).join("\n")}\n\n${putRight(stack, findings)}\n`,
      );
      process.exitCode = DRIFTED;
    });
}
