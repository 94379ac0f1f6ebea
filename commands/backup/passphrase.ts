import * as fs from "node:fs";
import type { Command } from "commander";

/** Holds the passphrase where no file is named. */
export const PASSPHRASE_VARIABLE = "TRACEKEEP_BACKUP_PASSPHRASE";

/** Characters: the key of everything is derived from it, and a copy can be tried offline. */
const SHORTEST = 12;

export interface PassphraseOptions {
  passphraseFile?: string;
}

/** Adds the option that `passphrase` reads. */
export function withPassphrase(command: Command): Command {
  return command.option(
    "--passphrase-file <file>",
    `file whose first line is the passphrase; /dev/stdin too (default: the variable ${PASSPHRASE_VARIABLE})`,
  );
}

/**
 * The passphrase that a backup is encrypted with. It is no argument: those are seen by everyone. Nor
 * does it stay in the environment, which the programs inherit that are called.
 *
 * @throws {Error} when there is none, or one that is too short.
 */
export function passphrase(
  { passphraseFile }: PassphraseOptions,
  environment: Record<string, string | undefined> = process.env,
): string {
  const given =
    passphraseFile === undefined
      ? environment[PASSPHRASE_VARIABLE]
      : fs.readFileSync(passphraseFile, "utf8").split(/\r?\n/)[0];
  delete environment[PASSPHRASE_VARIABLE];
  if (!given) {
    throw new Error(
      `A passphrase is needed: name its file with --passphrase-file, or put it into ${PASSPHRASE_VARIABLE}. Nothing was changed.`,
    );
  }
  if (given.length < SHORTEST) {
    throw new Error(
      `The passphrase has fewer than ${SHORTEST} characters; it guards the CA's key. Nothing was changed.`,
    );
  }
  return given;
}
