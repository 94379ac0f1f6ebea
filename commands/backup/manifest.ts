import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";

/** The list of what a backup holds. It stands there in clear, and holds no secret. */
export const MANIFEST = "manifest.json";

const sealed = {
  /** Of the file as it lies there, encrypted. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().nonnegative(),
};

const partSchema = z.strictObject({
  /** A service, or `state`. */
  name: z.string().regex(/^[a-z-]+$/),
  ...sealed,
  /** Everything that the service had acknowledged by then is in it. */
  until: z.iso.datetime(),
  /** Seconds that the service did not answer for it. */
  paused: z.number().nonnegative(),
});

/** What is kept elsewhere and was not copied. */
const referenceSchema = z.strictObject({
  service: z.string(),
  /** Where it is, for people: `s3 s3.example.com/bucket/prefix`. */
  at: z.string(),
});

const manifestSchema = z.strictObject({
  version: z.literal(1),
  stack: z.string(),
  /** Identifies the backup: no two of a stack begin in the same millisecond. */
  startedAt: z.iso.datetime(),
  /** Missing: it was interrupted, and can be gone on with. */
  finishedAt: z.iso.datetime().optional(),
  /** File of the key, which a passphrase opens. */
  key: z.strictObject(sealed),
  parts: z.array(partSchema),
  references: z.array(referenceSchema),
  /** A service that stands still for its copy: after an interruption it has to be started. */
  stopped: z.string().optional(),
});

export type Manifest = z.output<typeof manifestSchema>;
export type Part = z.output<typeof partSchema>;
export type Reference = z.output<typeof referenceSchema>;

/** Path of a part's file, or of the key's (`key`). */
export const fileOf = (directory: string, name: string): string =>
  path.join(directory, `${name}.age`);

/** The manifest in a directory; undefined if there is none. @throws {Error} if it is none of ours. */
export function readManifest(directory: string): Manifest | undefined {
  const file = path.join(directory, MANIFEST);
  if (!fs.existsSync(file)) return undefined;
  let document: unknown;
  try {
    document = JSON.parse(fs.readFileSync(file, "utf8"));
  } catch {
    throw new Error(`${file} is damaged: it is no JSON. Nothing was changed.`);
  }
  const result = manifestSchema.safeParse(document);
  if (result.success) return result.data;
  const paths = result.error.issues.map((issue) => issue.path.join(".") || "the whole").join(", ");
  throw new Error(`${file} is no manifest of this version (${paths}). Nothing was changed.`);
}

/** Writes it in place of the earlier one: whenever it is interrupted, one of the two is there. */
export function writeManifest(directory: string, manifest: Manifest): void {
  const file = path.join(directory, MANIFEST);
  const text = `${JSON.stringify(manifestSchema.parse(manifest), null, 2)}\n`;
  fs.writeFileSync(`${file}.partial`, text, { mode: 0o600, flush: true });
  fs.renameSync(`${file}.partial`, file);
}
