import {
  lockedOf,
  type ImageEntry,
  type ImageName,
  type ImagesLock,
} from "../../config/images-lock";
import { settled, type Outcome } from "./outcome";
import type { Found } from "./look-up";
import { sizeOf } from "./words";

/** An image that the lock is to hold. */
export type WantedImage = ImageName & Pick<ImageEntry, "licence" | "source">;

export interface Locking {
  lock: ImagesLock;
  /** What became of each image, in its order. */
  outcomes: Outcome[];
}

function words({ repository, tag }: ImageName, was: string | undefined, found: Found): string {
  const platforms = Object.entries(found.platforms)
    .map(([name, { size }]) => `${name} ${sizeOf(size)}`)
    .sort()
    .join(", ");
  const moved = was === undefined || was === found.digest ? "" : ` (the tag moved; it was ${was})`;
  return `${repository}:${tag} ${found.digest}${moved}: ${platforms}`;
}

/**
 * A lock of these images. One that cannot be looked up keeps the digest that it had with this tag,
 * and says why it has none otherwise: no digest is ever made up, nor lost.
 */
export async function lockImages(
  wanted: readonly WantedImage[],
  previous: ImagesLock,
  look: (image: WantedImage) => Promise<Found>,
): Promise<Locking> {
  const outcomes: Outcome[] = [];
  const entries = wanted.map(async (image): Promise<[ImageEntry, Outcome]> => {
    const { repository, tag, licence, source } = image;
    const name = { repository, tag, licence, source };
    const known = lockedOf(previous, image);
    const found = await settled(() => look(image));
    if (found.ok) {
      const said = words(image, known?.digest, found.value);
      return [
        { ...name, ...found.value },
        { ok: true, words: said },
      ];
    }
    const { reason } = found;
    const failed = (what: string): Outcome => ({
      ok: false,
      words: `${repository}:${tag} ${what}: ${reason}`,
    });
    return known === undefined
      ? [{ ...name, digest: null, reason }, failed("not locked")]
      : [{ ...known, ...name }, failed("stays as it was")];
  });
  const images: ImageEntry[] = [];
  for (const [entry, outcome] of await Promise.all(entries)) {
    images.push(entry);
    outcomes.push(outcome);
  }
  return { lock: { version: 1, images }, outcomes };
}
