import * as fs from "node:fs";
import * as path from "node:path";

/** Writes files that only this user may read; gives their paths. */
export function writePrivate(
  directory: string,
  files: Readonly<Record<string, string | Buffer>>,
): Record<string, string> {
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  return Object.fromEntries(
    Object.entries(files).map(([name, content]) => {
      const file = path.join(directory, name);
      // An old file keeps its mode when it is written to: it goes first.
      fs.rmSync(file, { force: true });
      fs.writeFileSync(file, content, { mode: 0o600, flag: "wx" });
      return [name, file];
    }),
  );
}
