import type { Readable } from "node:stream";
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

const BLOCK = 512;

/** An entry's header, and the bytes of content that follow it, padding included. */
function headerOf(block: Buffer): { entry: Entry; type: string; content: number } {
  const text = (from: number, length: number) =>
    block.toString("latin1", from, from + length).replace(/[\0 ].*$/s, "");
  const octal = (from: number, length: number) => Number.parseInt(text(from, length) || "0", 8);
  const type = text(156, 1) || "0";
  return {
    type,
    content: Math.ceil(octal(124, 12) / BLOCK) * BLOCK,
    entry: {
      path: text(0, 100),
      isFile: type === "0",
      mode: octal(100, 8) & 0o7777,
      uid: octal(108, 8),
      gid: octal(116, 8),
    },
  };
}

/**
 * What is at a path of a container, read by the daemon: neither a shell nor a user is needed there.
 *
 * @param isEnough ends the reading, for directories with large files in them.
 */
export async function entriesIn(
  container: Docker.Container,
  path: string,
  isEnough: (entry: Entry) => boolean = () => false,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  let rest = Buffer.alloc(0);
  let skip = 0;
  for await (const chunk of (await container.getArchive({ path })) as Readable) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    for (;;) {
      const passed = Math.min(skip, rest.length);
      skip -= passed;
      rest = rest.subarray(passed);
      // A block of zeros ends the archive.
      if (rest.length < BLOCK || rest[0] === 0) break;
      const { entry, type, content } = headerOf(rest.subarray(0, BLOCK));
      rest = rest.subarray(BLOCK);
      skip = content;
      // The other types are long names and times of what follows.
      if (type !== "0" && type !== "5") continue;
      entries.push(entry);
      if (isEnough(entry)) return entries;
    }
  }
  return entries;
}
