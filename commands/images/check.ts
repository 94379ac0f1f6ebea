import type { ImageName, LockedImage } from "../../config/images-lock";
import { platformName } from "./manifest";
import { settled, type Outcome } from "./outcome";
import type { Registry } from "./registry";

async function problemOf(
  registry: Registry,
  { tag, digest, platforms }: LockedImage,
  repository: string,
): Promise<string | undefined> {
  // Not a HEAD: what its header says of the digest could not be checked.
  const { digest: now, content } = await registry.manifest(repository, tag);
  if (now !== digest) {
    return `locked is ${digest}, and the tag is ${now} there: its maker moved it, or somebody else did. Look which, then: npm run images -- lock`;
  }
  if (!("manifests" in content)) return undefined;
  const there = new Map(
    content.manifests.flatMap((one) =>
      one.platform === undefined ? [] : [[platformName(one.platform), one.digest]],
    ),
  );
  const other = Object.entries(platforms).find(([name, one]) => there.get(name) !== one.digest);
  return other === undefined
    ? undefined
    : `locked for ${other[0]} is ${other[1].digest}, and the index says ${there.get(other[0]) ?? "nothing"}: write the lock anew`;
}

/**
 * Whether a registry has just what is locked: the tag, the manifest and the platforms.
 *
 * @param repository where it is asked for: the image's own, or that of a mirror.
 */
export async function checkImage(
  registry: Registry,
  image: LockedImage & ImageName,
  repository: string,
): Promise<Outcome> {
  const name = `${repository}:${image.tag}`;
  const result = await settled(() => problemOf(registry, image, repository));
  if (!result.ok) return { ok: false, words: `${name}: ${result.reason}` };
  return result.value === undefined
    ? { ok: true, words: `${name} is ${image.digest}` }
    : { ok: false, words: `${name}: ${result.value}` };
}
