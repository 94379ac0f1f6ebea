import { imageOf, IMAGES } from "../../config/images";
import { digestIn, whyOpen } from "../../config/images-lock";
import type { StackConfig } from "../../config/parse";
import { usedImages } from "./connections";

/** An image that may be another tomorrow. */
export interface UnlockedImage {
  /** Its reference. */
  image: string;
  /** Names of the services and applications that run it. */
  runs: string[];
  why: string;
}

/** The images of a stack that are named without a digest, each once. */
export function unlockedImages(config: StackConfig): UnlockedImage[] {
  const services = usedImages(config).map((user): [string, string, string] => [
    imageOf(config, user),
    user,
    config.images.overrides[user] === undefined
      ? (whyOpen(config.imagesLock, IMAGES[user]) ?? "")
      : `images.overrides.${user} names it without a digest`,
  ]);
  const applications = config.apps.flatMap(({ name, image }): [string, string, string][] =>
    image === undefined ? [] : [[image, name, "apps names it without a digest"]],
  );
  const found = new Map<string, UnlockedImage>();
  for (const [image, name, why] of [...services, ...applications]) {
    if (digestIn(image) !== undefined) continue;
    const known = found.get(image);
    if (known === undefined) found.set(image, { image, runs: [name], why });
    else known.runs.push(name);
  }
  return [...found.values()];
}

/**
 * What stands against a stack that takes locked images only: each that is not, and what to do;
 * undefined if there is none, or if the stack takes any.
 */
export function lockComplaint(config: StackConfig): string | undefined {
  const unlocked = config.images.requireLock ? unlockedImages(config) : [];
  if (unlocked.length === 0) return undefined;
  const lines = unlocked.map(({ image, runs, why }) => `  ${image} (${runs.join(", ")}): ${why}`);
  return [
    `Stack "${config.stack}" takes locked images only (images.requireLock), and these are not:`,
    ...lines,
    "Lock them: npm run images -- lock (docs/images.md).",
  ].join("\n");
}
