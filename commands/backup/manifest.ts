import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { z } from "zod";
import type { Place } from "./place";

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

/** The file of a part, or of the key (`key`). */
export const fileOf = (name: string): string => `${name}.age`;

/** The manifest at a place; undefined if there is none. @throws {Error} if it is none of ours. */
export async function readManifest(place: Place): Promise<Manifest | undefined> {
  if ((await place.size(MANIFEST)) === undefined) return undefined;
  const file = place.nameOf(MANIFEST);
  let document: unknown;
  try {
    document = JSON.parse(await text(Readable.from(place.read(MANIFEST))));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Error(`${file} is damaged: it is no JSON. Nothing was changed.`);
  }
  const result = manifestSchema.safeParse(document);
  if (result.success) return result.data;
  const paths = result.error.issues.map((issue) => issue.path.join(".") || "the whole").join(", ");
  throw new Error(`${file} is no manifest of this version (${paths}). Nothing was changed.`);
}

/** Writes it in place of the earlier one: whenever it is interrupted, one of the two is there. */
export async function writeManifest(place: Place, manifest: Manifest): Promise<void> {
  const content = `${JSON.stringify(manifestSchema.parse(manifest), null, 2)}\n`;
  await place.write(MANIFEST, Readable.from([Buffer.from(content)]));
}
