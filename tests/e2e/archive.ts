import { buffer } from "node:stream/consumers";
import type Docker from "dockerode";

/** A file or directory as it is inside of a container. */
export interface Entry {
  path: string;
  isFile: boolean;
  /** Permission bits. */
  mode: number;
  uid: number;
  gid: number;
}

/** What is at a path of a container, read by the daemon: neither a shell nor a user is needed there. */
export async function entriesIn(container: Docker.Container, path: string): Promise<Entry[]> {
  const archive = await buffer(await container.getArchive({ path }));
  const entries: Entry[] = [];
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0;) {
    const text = (from: number, length: number) =>
      archive.toString("latin1", at + from, at + from + length).replace(/[\0 ].*$/s, "");
    const octal = (from: number, length: number) => Number.parseInt(text(from, length) || "0", 8);
    const type = text(156, 1) || "0";
    // The others are long names and times of what follows.
    if (type === "0" || type === "5") {
      entries.push({
        path: text(0, 100),
        isFile: type === "0",
        mode: octal(100, 8) & 0o7777,
        uid: octal(108, 8),
        gid: octal(116, 8),
      });
    }
    at += 512 + Math.ceil(octal(124, 12) / 512) * 512;
  }
  return entries;
}
