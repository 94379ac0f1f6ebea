import type { LockedImage } from "../../config/images-lock";
import { withProgress } from "../progress";
import type { Outcome } from "./outcome";
import { copyImage, expectSkopeo, type SkopeoOptions } from "./skopeo";

/** A locked image, and where it is copied from and to. */
export interface Copy {
  image: LockedImage;
  /** Repositories. */
  from: string;
  to: string;
}

/**
 * Has skopeo copy what is locked, all platforms, to another registry, and looks there afterwards.
 *
 * @param confirm looks whether the copy has the digest that is locked.
 */
export async function mirrorImages(
  copies: readonly Copy[],
  options: SkopeoOptions,
  confirm: (image: LockedImage, repository: string) => Promise<Outcome>,
): Promise<Outcome[]> {
  await expectSkopeo("a Docker daemon would give the copies other digests");
  const outcomes: Outcome[] = [];
  for (const { image, from, to } of copies) {
    const { tag, digest } = image;
    try {
      await withProgress(`Copying ${from}:${tag} to ${to}`, () =>
        copyImage(`docker://${from}@${digest}`, `docker://${to}:${tag}`, options),
      );
      outcomes.push(await confirm(image, to));
    } catch (error) {
      outcomes.push({ ok: false, words: `${from}:${tag}: ${(error as Error).message}` });
    }
  }
  return outcomes;
}
