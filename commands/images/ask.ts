import * as fs from "node:fs";
import * as path from "node:path";
import { formatLock } from "../../config/images-lock";
import { LOCK_FILE } from "../../config/images-lock-file";
import { withProgress } from "../progress";
import { checkImage } from "./check";
import { lockImages } from "./lock";
import { lookUp } from "./look-up";
import { report } from "./outcome";
import { readScope, type ScopeOptions } from "./scope";
import { proposeUpdate } from "./update";

/** Writes the lock anew, from what registries say now. */
export async function lock(options: ScopeOptions): Promise<void> {
  const { config, wanted, at, registry } = readScope(options);
  const { lock, outcomes } = await withProgress("Asking registries for digests", () =>
    lockImages(wanted, config.imagesLock, (image) => lookUp(registry, image, at(image))),
  );
  fs.writeFileSync(LOCK_FILE, formatLock(lock));
  process.exitCode = report(outcomes);
  const locked = lock.images.filter(({ digest }) => digest !== null).length;
  process.stdout.write(
    `${path.basename(LOCK_FILE)}: ${locked} of ${lock.images.length} images are locked\n`,
  );
}

/** Looks whether registries have what is locked; what is not locked is no better. */
export async function check(options: ScopeOptions): Promise<void> {
  const { open, locked, at, registry } = readScope(options);
  const outcomes = await withProgress("Asking registries for what is locked", () =>
    Promise.all(locked.map((image) => checkImage(registry, image, at(image)))),
  );
  process.exitCode = report([...outcomes, ...open]);
}

/** Names newer tags, and changes nothing. */
export async function update(options: ScopeOptions): Promise<void> {
  const { wanted, at, registry } = readScope(options);
  const outcomes = await withProgress("Asking registries for tags", () =>
    Promise.all(wanted.map((image) => proposeUpdate(registry, image, at(image)))),
  );
  process.exitCode = report(outcomes);
  process.stdout.write(
    "Nothing was changed. A newer tag goes into config/images.ts; then: npm run images -- lock\n",
  );
}
