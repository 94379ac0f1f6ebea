import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import * as path from "node:path";
import { pipeline } from "node:stream/promises";
import type { Place } from "./place";

const PARTIAL = ".partial";

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === "ENOENT";

/** A backup in a directory, which is made when something is written. */
export function directoryPlace(name: string): Place {
  const directory = path.resolve(name);
  const at = (file: string) => path.join(directory, file);
  const all = () =>
    readdir(directory).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
  return {
    name: directory,
    nameOf: at,
    list: async () => (await all()).filter((file) => !file.endsWith(PARTIAL)),
    size: async (file) => {
      try {
        return (await stat(at(file))).size;
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    read: (file) => createReadStream(at(file), { highWaterMark: 2 ** 20 }),
    write: async (file, content, signal) => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const partial = at(`${file}${PARTIAL}`);
      // An old file would keep its mode.
      await rm(partial, { force: true });
      await pipeline(content, createWriteStream(partial, { mode: 0o600, flush: true }), { signal });
      await rename(partial, at(file));
    },
    tidy: async () => {
      for (const file of await all()) if (file.endsWith(PARTIAL)) await rm(at(file));
    },
  };
}
