import type { Command } from "commander";
import type { Manifest } from "./backup/manifest";
import { passphrase, withPassphrase, type PassphraseOptions } from "./backup/passphrase";
import { openPlace } from "./backup/place";
import { openBackup, restoreBackup } from "./backup/restore";
import { momentText, transferText } from "./backup/text";
import { elapsed } from "./progress";

interface RestoreOptions extends PassphraseOptions {
  stack: string;
  from: string;
}

/** The closing words: until when each store's data is back. */
export function restoreWords(
  { stack, parts, references }: Manifest,
  leftOut: readonly string[],
): string {
  const why = (name: string) =>
    name.endsWith("-objects") ? "name no bucket for it" : "have it off";
  const rows = parts.map(({ name, until }) =>
    leftOut.includes(name)
      ? `  ${name.padEnd(14)}left out: the stack's options ${why(name)}`
      : `  ${name.padEnd(14)}as it was at ${momentText(until)}`,
  );
  return [
    `Stack "${stack}" is restored and verified:`,
    ...rows,
    ...references.map(({ service, at }) => `  ${service.padEnd(14)}what is in ${at} now`),
    "What was acknowledged after these moments is not in the backup. Certificates and keys are those of before:",
    "applications go on with theirs.",
    "",
  ].join("\n");
}

async function restore(options: RestoreOptions): Promise<void> {
  const { stack } = options;
  const place = await openPlace(options.from);
  const secret = passphrase(options);
  const start = Date.now();
  const opened = await openBackup(stack, place, secret);
  const { leftOut, copied } = await restoreBackup(stack, opened);
  const took = `It took ${elapsed(start)}; copied were ${transferText(copied)}.\n`;
  process.stdout.write(`\n${restoreWords(opened.manifest, leftOut)}${took}`);
}

export function register(program: Command): void {
  withPassphrase(
    program
      .command("restore")
      .description(
        "Put a backup into a stack of which nothing is there, deploy it and verify it. The CA, the " +
          "keys and the passwords are those of the backup. Interrupted, it can be gone on with.",
      )
      .option("-s, --stack <name>", "the stack, from Pulumi.<name>.yaml", "dev")
      .requiredOption("--from <place>", "directory or s3://BUCKET/PREFIX of a finished backup"),
  ).action(restore);
}
