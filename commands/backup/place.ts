import { bucketPlace } from "./place-bucket";
import { directoryPlace } from "./place-directory";

export type Bytes = AsyncIterable<Uint8Array>;

/** Where the files of a backup lie. A file is there whole, or it is not there. */
export interface Place {
  /** As the user named it: `/backup/2026-02-01`, `s3://bucket/2026-02-01`. */
  name: string;
  /** A file of it, for people. */
  nameOf(file: string): string;
  /** Names of the files that are there, without those that are not whole; none where nothing is. */
  list(): Promise<string[]>;
  /** Bytes of a file; undefined if it is not there. */
  size(file: string): Promise<number | undefined>;
  read(file: string): Bytes;
  /** Writes a file, in place of an earlier one. @param signal ends it: then it is not there. */
  write(file: string, content: Bytes, signal?: AbortSignal): Promise<void>;
  /** Takes away what interrupted writes left. */
  tidy(): Promise<void>;
}

/** Opens what `--to` and `--from` name. @throws {Error} for what is neither directory nor bucket. */
export async function openPlace(name: string): Promise<Place> {
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\//i.exec(name) ?? [];
  if (scheme === undefined) return directoryPlace(name);
  if (scheme.toLowerCase() === "s3") return bucketPlace(name);
  throw new Error(
    `${name} is neither a directory nor s3://BUCKET/PREFIX. Back up into a directory, and copy it: ` +
      "its files are encrypted already (docs/backup.md). Nothing was changed.",
  );
}
