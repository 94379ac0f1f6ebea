import type Docker from "dockerode";
import { imageOf, IMAGES } from "../config/images";
import { localName, lockedOf } from "../config/images-lock";
import type { StackConfig } from "../config/parse";
import { usedImages } from "../components/stack/connections";
import { lookOnHost, type LocalImage } from "./images/on-host";

/** The images that a stack which pulls none needs on its Docker host. */
export function localImages(config: StackConfig): LocalImage[] {
  return usedImages(config).map((user) => ({
    name: localName(imageOf(config, user)),
    locked:
      config.images.overrides[user] === undefined
        ? lockedOf(config.imagesLock, IMAGES[user])
        : undefined,
  }));
}

/**
 * Makes sure that a Docker host has what is not pulled: every image, and no other content under its
 * name than what is locked.
 *
 * @throws {Error} that names each.
 */
export async function checkImages(config: StackConfig, docker: Docker): Promise<void> {
  if (config.images.pull) return;
  const { missing, other } = await lookOnHost(docker, localImages(config));
  const lines = [
    ...missing.map((name) => `  ${name} is not there.`),
    ...other.map((name) => `  ${name} is not what images.lock.json has.`),
  ];
  if (lines.length === 0) return;
  throw new Error(
    `The Docker host lacks images of stack "${config.stack}", and pulls none (images.pull: false); nothing was changed.\n` +
      `${[...new Set(lines)].join("\n")}\n` +
      "Bring them: npm run images -- load <file> (docs/images.md).",
  );
}
