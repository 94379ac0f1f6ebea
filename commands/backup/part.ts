import { createHash } from "node:crypto";
import { pipeline } from "node:stream/promises";
import type { BackupKey } from "./key";
import { fileOf, type Manifest } from "./manifest";
import type { Bytes, Place } from "./place";

/** A file as the manifest has it. */
export type Sealed = Manifest["key"];

/** Counts what passes. */
export function counted(bytes: Bytes, count: (length: number) => void): Bytes {
  return (async function* () {
    for await (const chunk of bytes) {
      count(chunk.length);
      yield chunk;
    }
  })();
}

/** Writes bytes that are encrypted already, and gives what the manifest says of them. */
export async function writeSealed(
  place: Place,
  name: string,
  content: Bytes,
  signal?: AbortSignal,
): Promise<Sealed> {
  const hash = createHash("sha256");
  let bytes = 0;
  const hashed = async function* () {
    for await (const chunk of content) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  };
  await place.write(fileOf(name), hashed(), signal);
  return { sha256: hash.digest("hex"), bytes };
}

/**
 * Encrypts a part into its file, which is there only once it is whole.
 *
 * @param signal ends it before it is whole.
 */
export const writePart = (
  place: Place,
  name: string,
  key: BackupKey,
  plain: Bytes,
  signal?: AbortSignal,
): Promise<Sealed> => writeSealed(place, name, key.encrypt(plain), signal);

/** Why a file is not what the manifest has; undefined if it is. */
export async function damageOf(
  place: Place,
  name: string,
  { sha256, bytes }: Sealed,
): Promise<string | undefined> {
  const size = await place.size(fileOf(name));
  if (size === undefined) return "is missing";
  if (size !== bytes) return `has ${size} bytes in place of ${bytes}`;
  const hash = createHash("sha256");
  await pipeline(place.read(fileOf(name)), hash);
  return hash.digest("hex") === sha256 ? undefined : "is damaged: its checksum is another";
}

/** The content of a part. */
export const readPart = (place: Place, name: string, key: BackupKey): Bytes =>
  key.decrypt(place.read(fileOf(name)));

/**
 * Looks at every file of a backup.
 *
 * @throws {Error} that names each that is missing or damaged.
 */
export async function checkParts(
  place: Place,
  { key, parts }: Pick<Manifest, "key" | "parts">,
): Promise<void> {
  const lines: string[] = [];
  for (const part of [{ ...key, name: "key" }, ...parts]) {
    const damage = await damageOf(place, part.name, part);
    if (damage !== undefined) lines.push(`  ${fileOf(part.name)} ${damage}`);
  }
  if (lines.length === 0) return;
  throw new Error(
    `The backup in ${place.name} is not whole; nothing was changed.\n${lines.join("\n")}`,
  );
}
