import * as path from "node:path";

/** Where a backup lies. @throws {Error} for what is no directory. */
export function localDirectory(place: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/?/i.test(place)) {
    throw new Error(
      `${place} is no directory. Back up into one, and copy it: its files are encrypted already ` +
        "(`aws s3 sync DIR s3://…`, `rclone`; docs/backup.md). Nothing was changed.",
    );
  }
  return path.resolve(place);
}
