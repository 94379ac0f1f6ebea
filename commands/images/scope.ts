import * as fs from "node:fs";
import { IMAGES, repositoryAt } from "../../config/images";
import { lockedOf, whyOpen, type ImageName, type LockedImage } from "../../config/images-lock";
import type { StackConfig } from "../../config/parse";
import { UNREADABLE } from "../../config/types";
import { readStackConfig } from "../stack-config";
import type { WantedImage } from "./lock";
import type { Outcome } from "./outcome";
import { Registry } from "./registry";

/** What every subcommand takes. */
export interface ScopeOptions {
  stack: string;
  /** File of PEM certificates. */
  ca?: string;
}

/** The images that there are, and where they are asked for. */
export interface Scope {
  config: StackConfig;
  /** Every image that a stack may run, each once. */
  wanted: WantedImage[];
  locked: LockedImage[];
  /** What is said of each that is not locked. */
  open: Outcome[];
  /** The repository of an image: its own, or that of the stack's mirror. */
  at: (image: ImageName) => string;
  registry: Registry;
}

/** S3 credentials have no say in which images there are. */
const ENVIRONMENT = { AWS_ACCESS_KEY_ID: UNREADABLE, AWS_SECRET_ACCESS_KEY: UNREADABLE };

/** Every image of the table, each once. */
export function wantedImages(): WantedImage[] {
  const images = Object.values(IMAGES).map(
    ({ repository, tag, licence, source }): [string, WantedImage] => [
      `${repository}:${tag}`,
      { repository, tag, licence, source },
    ],
  );
  return [...new Map(images.sort(([a], [b]) => (a < b ? -1 : 1))).values()];
}

function readCa(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    throw new Error(`${file} of --ca cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

/** @throws {Error} when the stack's file, the lock or the CA's file cannot be read. */
export function readScope({ stack, ca }: ScopeOptions): Scope {
  const config = readStackConfig(stack, { environment: ENVIRONMENT });
  const wanted = wantedImages();
  const lock = config.imagesLock;
  return {
    config,
    wanted,
    locked: wanted.flatMap((image) => lockedOf(lock, image) ?? []),
    open: wanted.flatMap((image): Outcome[] => {
      const why = whyOpen(lock, image);
      const words = `${image.repository}:${image.tag} is not locked: ${why}`;
      return why === undefined ? [] : [{ ok: false, words }];
    }),
    at: ({ repository }) => repositoryAt(config.images.registry, repository),
    registry: new Registry({ ca: readCa(ca) }),
  };
}

/** @throws {Error} that names each image without a digest. */
export function expectLocked({ open }: Scope): void {
  if (open.length === 0) return;
  throw new Error(
    `Only what is locked can be copied:\n${open.map(({ words }) => `  ${words}`).join("\n")}\n` +
      "Lock it: npm run images -- lock",
  );
}
