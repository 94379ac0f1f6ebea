import { existsSync, readFileSync } from "node:fs";

const TABLE = "/proc/self/mountinfo";

/** The mount point under which a path lies, as the kernel lists it. */
export function mountOf(path: string): string {
  if (!existsSync(TABLE)) return "/";
  const mounts = readFileSync(TABLE, "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4])
    .filter((mount) => mount !== undefined && `${path}/`.startsWith(mount.replace(/\/*$/, "/")));
  return mounts.sort((a, b) => a.length - b.length).at(-1) ?? "/";
}
