import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeKey } from "../../commands/backup/key";
import { damageOf, readPart, writePart, type Sealed } from "../../commands/backup/part";
import { directoryPlace } from "../../commands/backup/place-directory";
import { timed, transferText, type Transfer } from "../../commands/backup/text";

const MI = 2 ** 20;

/** A transfer, and the seconds of CPU that it took: what it has on a machine that others use too. */
interface Measured extends Transfer {
  cpu: number;
}

/** What a backup and a restore do with a store, besides reading and writing its volume. */
export interface BackupRates {
  /** Encrypted, its checksum taken, written to the disk. */
  backup: Measured;
  /** Its checksum compared, then read again and decrypted. */
  restore: Measured;
}

async function measured(measurement: Measured, work: () => Promise<void>): Promise<void> {
  const before = process.cpuUsage();
  await timed(measurement, work);
  const { user, system } = process.cpuUsage(before);
  measurement.cpu += (user + system) / 1e6;
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
    const transfer = (): Measured => ({ bytes: mebibytes * MI, milliseconds: 0, cpu: 0 });
    const [backup, restore] = [transfer(), transfer()];
    let sealed: Sealed | undefined;
    await measured(backup, async () => {
      sealed = await writePart(place, "store", key, content());
    });
    await measured(restore, async () => {
      const damage = sealed && (await damageOf(place, "store", sealed));
      if (damage !== undefined) throw new Error(`the file ${damage}`);
      for await (const chunk of readPart(place, "store", key)) void chunk;
    });
    return { backup, restore };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const rates = await backupRates(Number(process.argv[2] ?? 512));
  for (const [name, transfer] of Object.entries(rates) as [string, Measured][]) {
    const perSecond = transfer.bytes / MI / transfer.cpu;
    console.log(
      `${name}: ${transferText(transfer)}, ${perSecond.toFixed(0)} MiB per second of CPU`,
    );
  }
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
