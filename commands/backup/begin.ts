import * as fs from "node:fs";
import { Readable } from "node:stream";
import { makeKey, openKey, type BackupKey } from "./key";
import { fileOf, readManifest, writeManifest, type Manifest } from "./manifest";
import { damageOf, writePart } from "./part";

/** A backup that is being made. */
export interface Begun {
  manifest: Manifest;
  key: BackupKey;
}

async function begin(stack: string, directory: string, passphrase: string): Promise<Begun> {
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (fs.readdirSync(directory).some((file) => !file.startsWith("key.age"))) {
    throw new Error(
      `${directory} is not empty, and holds no backup to go on with. Name another directory. Nothing was changed.`,
    );
  }
  const startedAt = new Date().toISOString();
  const { key, file } = await makeKey(passphrase);
  // It is encrypted already.
  const asItIs: BackupKey = { encrypt: (plain) => plain, decrypt: (sealed) => sealed };
  const sealed = await writePart(directory, "key", asItIs, Readable.from([file]));
  const manifest: Manifest = {
    version: 1,
    stack,
    startedAt,
    key: sealed,
    parts: [],
    references: [],
  };
  writeManifest(directory, manifest);
  return { manifest, key };
}

/**
 * A backup begun anew, or one that was interrupted, without the parts of it that are not whole.
 *
 * @throws {Error} if the directory holds something else, or the passphrase is another.
 */
export async function beginOrGoOn(
  stack: string,
  directory: string,
  passphrase: string,
): Promise<Begun> {
  const manifest = readManifest(directory);
  if (manifest === undefined) return begin(stack, directory, passphrase);
  if (manifest.stack !== stack) {
    throw new Error(
      `${directory} holds a backup of stack "${manifest.stack}". Nothing was changed.`,
    );
  }
  if (manifest.finishedAt !== undefined) {
    throw new Error(
      `${directory} holds a finished backup of ${manifest.finishedAt}: a new one takes another directory. Nothing was changed.`,
    );
  }
  const keyDamage = await damageOf(directory, "key", manifest.key);
  if (keyDamage !== undefined) {
    throw new Error(`${fileOf(directory, "key")} ${keyDamage}. Begin anew in another directory.`);
  }
  const key = await openKey(fs.readFileSync(fileOf(directory, "key")), passphrase);
  const parts: Manifest["parts"] = [];
  for (const part of manifest.parts) {
    const damage = await damageOf(directory, part.name, part);
    if (damage === undefined) parts.push(part);
    else process.stderr.write(`${part.name}.age ${damage}: it is made anew.\n`);
  }
  return { manifest: { ...manifest, parts }, key };
}
