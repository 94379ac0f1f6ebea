import { z } from "zod";

/** What an image is known by everywhere. */
export interface ImageName {
  /** Registry and repository. */
  repository: string;
  tag: string;
}

const digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, 'expected "sha256:" and 64 hexadecimal digits');

const text = z.string().regex(/\S/, "expected a text that is not empty");

const common = { repository: text, tag: text, licence: text, source: text };

/** An image whose content is known. */
const lockedImage = z.strictObject({
  ...common,
  /** Of the index; of the manifest itself where the image is of one platform only. */
  digest,
  platforms: z.record(
    z.string().regex(/^linux\/[a-z0-9]+(\/[a-z0-9]+)?$/, 'expected a platform, "linux/amd64"'),
    z.strictObject({
      /** Of the platform's manifest. */
      digest,
      /** Of its configuration: what a Docker daemon calls the image's id. */
      id: digest,
      /** Bytes that a pull transfers, layers compressed. */
      size: z.int().positive(),
    }),
  ),
});

/** An image that nobody could look at yet. */
const openImage = z.strictObject({ ...common, digest: z.null(), reason: text });

const imagesLock = z.strictObject({
  version: z.literal(1),
  images: z.array(
    z.union([lockedImage, openImage], "expected an image with digests, or with null and a reason"),
  ),
});

export type LockedImage = z.output<typeof lockedImage>;
export type ImageEntry = LockedImage | z.output<typeof openImage>;

/** Which content each image had when somebody looked: `images.lock.json`. */
export type ImagesLock = z.output<typeof imagesLock>;

export const NOTHING_LOCKED: ImagesLock = { version: 1, images: [] };

/** The digest that a reference ends with; undefined if it names a tag alone. */
export function digestIn(reference: string): string | undefined {
  return /@(sha256:[0-9a-f]{64})$/.exec(reference)?.[1];
}

/**
 * The name by which a daemon knows an image that it did not pull: one out of an archive has no digest
 * there. `up` compares what it is with the lock.
 */
export const localName = (reference: string): string =>
  reference.replace(/(:[^:/@]+)@sha256:[0-9a-f]+$/, "$1");

/** What the lock says of an image; undefined if that is nothing. */
export function entryOf(lock: ImagesLock, { repository, tag }: ImageName): ImageEntry | undefined {
  return lock.images.find((image) => image.repository === repository && image.tag === tag);
}

/** What the lock says of an image, if it knows the image's digest. */
export function lockedOf(lock: ImagesLock, name: ImageName): LockedImage | undefined {
  const entry = entryOf(lock, name);
  return entry !== undefined && entry.digest !== null ? entry : undefined;
}

/** Why the lock has no digest of an image; undefined if it has one. */
export function whyOpen(lock: ImagesLock, image: ImageName): string | undefined {
  const entry = entryOf(lock, image);
  if (entry === undefined) return "images.lock.json does not have this tag";
  return entry.digest === null ? entry.reason : undefined;
}

/**
 * The lock that a text holds.
 *
 * @throws {Error} that names what in it is not as a lock has it.
 */
export function parseLock(json: string): ImagesLock {
  let raw: unknown;
  try {
    raw = JSON.parse(json);
  } catch (error) {
    throw new Error(`it is no JSON: ${(error as Error).message}`);
  }
  const result = imagesLock.safeParse(raw);
  if (result.success) return result.data;
  const [{ path, message }] = result.error.issues;
  throw new Error(`${path.join(".") || "the whole of it"}: ${message}`);
}

const byKey = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);
const nameOf = ({ repository, tag }: ImageName) => `${repository}:${tag}`;

/** A lock as its file has it: the same text whatever the order in which the images came. */
export function formatLock({ version, images }: ImagesLock): string {
  const sorted = images
    .map((image): [string, ImageEntry] => [nameOf(image), image])
    .sort(byKey)
    .map(([, { repository, tag, licence, source, ...rest }]) => ({
      repository,
      tag,
      ...(rest.digest === null
        ? { digest: rest.digest, reason: rest.reason }
        : {
            digest: rest.digest,
            platforms: Object.fromEntries(
              Object.entries(rest.platforms)
                .sort(byKey)
                .map(([name, { digest, id, size }]) => [name, { digest, id, size }]),
            ),
          }),
      licence,
      source,
    }));
  return `${JSON.stringify({ version, images: sorted }, null, 2)}\n`;
}
