import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeKey } from "../../commands/backup/key";
import { damageOf, readPart, writePart } from "../../commands/backup/part";
import { directoryPlace } from "../../commands/backup/place-directory";
import { timed, transferText, type Transfer } from "../../commands/backup/text";

const MI = 2 ** 20;

/** What a backup and a restore do with a store, besides reading and writing its volume. */
export interface BackupRates {
  /** Encrypted, its checksum taken, written to the disk. */
  backup: Transfer;
  /** Its checksum compared, then read again and decrypted. */
  restore: Transfer;
}

/** Measures both on so many mebibytes, in the system's temporary directory. */
export async function backupRates(mebibytes: number): Promise<BackupRates> {
  const directory = mkdtempSync(join(tmpdir(), "tracekeep-rates-"));
  try {
    const place = directoryPlace(directory);
    const { key } = await makeKey("a passphrase to measure with");
    const block = randomBytes(MI);
    const content = async function* () {
      for (let at = 0; at < mebibytes; at++) yield await Promise.resolve(block);
    };
    const transfer = (): Transfer => ({ bytes: mebibytes * MI, milliseconds: 0 });
    const [backup, restore] = [transfer(), transfer()];
    const sealed = await timed(backup, () => writePart(place, "store", key, content()));
    await timed(restore, async () => {
      const damage = await damageOf(place, "store", sealed);
      if (damage !== undefined) throw new Error(`the file ${damage}`);
      for await (const chunk of readPart(place, "store", key)) void chunk;
    });
    return { backup, restore };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const { backup, restore } = await backupRates(Number(process.argv[2] ?? 512));
  console.log(`backup:  ${transferText(backup)}`);
  console.log(`restore: ${transferText(restore)}`);
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
