import type { ImageName, LockedImage } from "../../config/images-lock";
import { locate } from "./location";
import { platformName, transferSize, type Manifest, type Platform } from "./manifest";
import type { Registry } from "./registry";
import { RegistryError } from "./registry-error";

/** What a registry says of an image. */
export type Found = Pick<LockedImage, "digest" | "platforms">;

/** Nothing else runs this stack. */
const isLinux = ({ os }: Platform) => os === "linux";

async function ofOnePlatform(
  registry: Registry,
  repository: string,
  manifest: Manifest,
  platform: Platform | undefined,
): Promise<[string, LockedImage["platforms"][string]]> {
  const { digest, size, content } = manifest;
  if ("manifests" in content) {
    const { host, path } = locate(repository);
    throw new RegistryError(`${host} has an index inside of an index at ${path} ${digest}`);
  }
  const runsOn = platform ?? (await registry.platform(repository, content.config.digest));
  return [
    platformName(runsOn),
    { digest, id: content.config.digest, size: transferSize(size, content) },
  ];
}

/**
 * The content of an image as a registry has it now, of every Linux platform.
 *
 * @param repository where it is asked for: the image's own, or that of a mirror.
 * @throws {RegistryError} when it cannot be had whole.
 */
export async function lookUp(
  registry: Registry,
  { tag }: Pick<ImageName, "tag">,
  repository: string,
): Promise<Found> {
  const top = await registry.manifest(repository, tag);
  const { content } = top;
  const parts: [string, LockedImage["platforms"][string]][] = [];
  if ("manifests" in content) {
    for (const { digest, platform } of content.manifests) {
      // Attestations are of the platform "unknown".
      if (platform === undefined || !isLinux(platform)) continue;
      const manifest = await registry.manifest(repository, digest);
      parts.push(await ofOnePlatform(registry, repository, manifest, platform));
    }
  } else {
    parts.push(await ofOnePlatform(registry, repository, top, undefined));
  }
  const linux = parts.filter(([name]) => name.startsWith("linux/"));
  if (linux.length === 0) {
    const { host, path } = locate(repository);
    throw new RegistryError(`${host} has ${path} ${tag} for no platform of Linux`);
  }
  return { digest: top.digest, platforms: Object.fromEntries(linux) };
}
