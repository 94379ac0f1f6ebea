import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { rename, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import type { BackupKey } from "./key";
import { fileOf, type Manifest } from "./manifest";

type Bytes = AsyncIterable<Uint8Array>;

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

/**
 * Encrypts a part into its file, which bears its name only once it is whole and on the disk.
 *
 * @param signal ends it before it is whole.
 */
export async function writePart(
  directory: string,
  name: string,
  key: BackupKey,
  plain: Bytes,
  signal?: AbortSignal,
): Promise<Sealed> {
  const file = fileOf(directory, name);
  const hash = createHash("sha256");
  let bytes = 0;
  await pipeline(
    plain,
    (source: Bytes) => key.encrypt(source),
    async function* (source: Bytes) {
      for await (const chunk of source) {
        hash.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    },
    createWriteStream(`${file}.partial`, { mode: 0o600, flush: true }),
    { signal },
  );
  await rename(`${file}.partial`, file);
  return { sha256: hash.digest("hex"), bytes };
}

/** Why a file is not what the manifest has; undefined if it is. */
export async function damageOf(
  directory: string,
  name: string,
  { sha256, bytes }: Sealed,
): Promise<string | undefined> {
  const file = fileOf(directory, name);
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) return "is missing";
  if (found.size !== bytes) return `has ${found.size} bytes in place of ${bytes}`;
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex") === sha256 ? undefined : "is damaged: its checksum is another";
}

/** The content of a part. */
export const readPart = (directory: string, name: string, key: BackupKey): Bytes =>
  key.decrypt(createReadStream(fileOf(directory, name), { highWaterMark: 2 ** 20 }));

/**
 * Looks at every file of a backup.
 *
 * @throws {Error} that names each that is missing or damaged.
 */
export async function checkParts(
  directory: string,
  { key, parts }: Pick<Manifest, "key" | "parts">,
): Promise<void> {
  const lines: string[] = [];
  for (const part of [{ ...key, name: "key" }, ...parts]) {
    const damage = await damageOf(directory, part.name, part);
    if (damage !== undefined) lines.push(`  ${part.name}.age ${damage}`);
  }
  if (lines.length === 0) return;
  throw new Error(
    `The backup in ${directory} is not whole; nothing was changed.\n${lines.join("\n")}`,
  );
}
