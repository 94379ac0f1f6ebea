import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { makeKey, openKey, type BackupKey } from "./key";
import { fileOf, readManifest, writeManifest, type Manifest } from "./manifest";
import { damageOf, writeSealed } from "./part";
import type { Place } from "./place";

/** A backup that is being made. */
export interface Begun {
  manifest: Manifest;
  key: BackupKey;
}

async function begin(stack: string, place: Place, passphrase: string): Promise<Begun> {
  // One that was interrupted at its very beginning has no more than that.
  if ((await place.list()).some((file) => file !== fileOf("key"))) {
    throw new Error(
      `${place.name} is not empty, and holds no backup to go on with. Name another place. Nothing was changed.`,
    );
  }
  const startedAt = new Date().toISOString();
  const { key, file } = await makeKey(passphrase);
  const sealed = await writeSealed(place, "key", Readable.from([file]));
  const manifest: Manifest = {
    version: 1,
    stack,
    startedAt,
    key: sealed,
    parts: [],
    references: [],
  };
  await writeManifest(place, manifest);
  return { manifest, key };
}

/** The key of a backup, whose passphrase is tried. */
export const keyOf = async (place: Place, passphrase: string): Promise<BackupKey> =>
  openKey(await buffer(Readable.from(place.read(fileOf("key")))), passphrase);

/**
 * A backup begun anew, or one that was interrupted, without the parts of it that are not whole.
 *
 * @throws {Error} if the place holds something else, or the passphrase is another.
 */
export async function beginOrGoOn(stack: string, place: Place, passphrase: string): Promise<Begun> {
  const manifest = await readManifest(place);
  if (manifest === undefined) return begin(stack, place, passphrase);
  if (manifest.stack !== stack) {
    throw new Error(
      `${place.name} holds a backup of stack "${manifest.stack}". Nothing was changed.`,
    );
  }
  if (manifest.finishedAt !== undefined) {
    throw new Error(
      `${place.name} holds a finished backup of ${manifest.finishedAt}: a new one takes another place. Nothing was changed.`,
    );
  }
  const keyDamage = await damageOf(place, "key", manifest.key);
  if (keyDamage !== undefined) {
    throw new Error(`${place.nameOf(fileOf("key"))} ${keyDamage}. Begin anew at another place.`);
  }
  const key = await keyOf(place, passphrase);
  await place.tidy();
  const parts: Manifest["parts"] = [];
  for (const part of manifest.parts) {
    const damage = await damageOf(place, part.name, part);
    if (damage === undefined) parts.push(part);
    else process.stderr.write(`${fileOf(part.name)} ${damage}: it is made anew.\n`);
  }
  return { manifest: { ...manifest, parts }, key };
}
