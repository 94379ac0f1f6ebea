import * as fs from "node:fs";
import * as path from "node:path";
import { NOTHING_LOCKED, parseLock, type ImagesLock } from "./images-lock";

export const LOCK_FILE = path.join(__dirname, "..", "images.lock.json");

/**
 * The lock of this checkout; one that locks nothing where there is no file.
 *
 * @throws {Error} when there is a file that is no lock.
 */
export function readLock(file = LOCK_FILE): ImagesLock {
  if (!fs.existsSync(file)) return NOTHING_LOCKED;
  try {
    return parseLock(fs.readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(
      `${path.basename(file)} is no lock of images that can be read (${(error as Error).message}).\n` +
        "Take it back from git, or delete it and write it anew: npm run images -- lock",
    );
  }
}
