import type { LockedImage } from "../../config/images-lock";
import { withProgress } from "../progress";
import { copyImage, expectSkopeo, type SkopeoOptions } from "./skopeo";

/** A locked image, and where it is copied from and to. */
export interface Copy {
  image: LockedImage;
  /** Repositories. */
  from: string;
  to: string;
}

/**
 * Has skopeo copy what is locked, all platforms, to another registry. What is there already is not
 * transferred again.
 *
 * @throws {Error} at the first image that cannot be copied.
 */
export async function mirrorImages(copies: readonly Copy[], options: SkopeoOptions): Promise<void> {
  await expectSkopeo("a Docker daemon would give the copies other digests");
  for (const { image, from, to } of copies) {
    const { tag, digest } = image;
    await withProgress(`Copying ${from}:${tag} to ${to}`, () =>
      copyImage(`docker://${from}@${digest}`, `docker://${to}:${tag}`, options),
    );
  }
}
