import type { Command } from "commander";
import { ROTATABLE, rotateSecrets } from "./secrets";
import { replaceCa, rotateCa } from "./ca";
import { caSurroundings, secretSurroundings } from "./surroundings";

interface CaOptions {
  stack: string;
  yes: boolean;
  compromised: boolean;
}

export function register(program: Command): void {
  const rotate = program
    .command("rotate")
    .description("The CA, or generated passwords and API keys, made anew. See docs/rotation.md.");
  rotate
    .command("ca")
    .description(
      "Another CA in three steps, each verified before the next: trust both, sign with the new, drop the " +
        "old. Interrupted, it says where it is and goes on when it is run again.",
    )
    .option("-s, --stack <name>", "the stack, from Pulumi.<name>.yaml", "dev")
    .option("-y, --yes", "do not ask, and do not wait for owners of applications", false)
    .option("--compromised", "at once: what was trusted is refused, whoever has it", false)
    .action(async ({ stack, yes, compromised }: CaOptions) => {
      const surroundings = caSurroundings(stack);
      const done = await (compromised ? replaceCa : rotateCa)(surroundings, { yes });
      if (!done && compromised) process.stdout.write("Nothing was changed.\n");
    });
  rotate
    .command("secrets")
    .description(
      `Generated passwords and API keys made anew, brought to who uses them, and verified: ${Object.keys(ROTATABLE).join(", ")}.`,
    )
    .argument("[name...]", "which of them; default: all of the services that run")
    .option("-s, --stack <name>", "the stack, from Pulumi.<name>.yaml", "dev")
    .action(async (names: string[], { stack }: { stack: string }) => {
      await rotateSecrets(secretSurroundings(stack), names);
    });
}
