import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { extract, pack } from "tar-stream";
import type { Bucket, Listed } from "./bucket";

/** Objects up to this size are held in memory, so that several are on their way at once: bytes. */
const SMALL = 2 * 2 ** 20;
/** Most of them wait for an answer rather than for bytes. */
const AT_ONCE = 8;

/** Listings after which it is enough that the last one was copied whole: something is new always. */
const ENOUGH = 3;
/** Listings after which it is given up. */
const MOST = 10;

type Content = Awaited<ReturnType<Bucket["read"]>>;

async function hold(content: Content): Promise<Content> {
  if (content === undefined) return undefined;
  const held = await buffer(content.content);
  return { bytes: held.length, content: Readable.from(held.length > 0 ? [held] : []) };
}

/** Knows a content of a name, in 16 bytes, for there may be millions. */
const idOf = ({ name, tag }: Listed): string =>
  createHash("shake128", { outputLength: 16 })
    .update(`${name}\0${tag}`)
    .digest()
    .toString("latin1");

/**
 * The objects of a bucket: a tar. Meanwhile the service goes on writing, compacts what it has into new
 * objects and deletes the old ones. So what is gone when its turn comes is left out, and the bucket is
 * listed again until nothing in it is new: all that was in it at the beginning is in the tar, as it was
 * or as what came of it. What changed under its name is there again, and the last one counts.
 */
export function readObjects(bucket: Bucket): Readable {
  const tar = pack();
  const taken = new Set<string>();

  async function* fresh(): AsyncGenerator<Listed> {
    for await (const object of bucket.list()) {
      const id = idOf(object);
      if (taken.has(id)) continue;
      taken.add(id);
      yield object;
    }
  }
  /** Begins to read small ones, several at once; a large one waits for its turn. */
  const open = async (object: Listed) => {
    const read = () => bucket.read(object.name);
    if (object.bytes > SMALL) return { object, read };
    const held = await hold(await read());
    return { object, read: () => Promise.resolve(held) };
  };
  const copyFresh = async (): Promise<{ found: number; gone: number }> => {
    let found = 0;
    let gone = 0;
    const opened = Readable.from(fresh()).map(open, { concurrency: AT_ONCE });
    for await (const { object, read } of opened as AsyncIterable<
      Awaited<ReturnType<typeof open>>
    >) {
      found++;
      const content = await read();
      if (content === undefined) {
        gone++;
        // It may come again.
        taken.delete(idOf(object));
        continue;
      }
      await pipeline(content.content, tar.entry({ name: object.name, size: content.bytes }));
    }
    return { found, gone };
  };
  const write = async () => {
    for (let listings = 1; ; listings++) {
      const { found, gone } = await copyFresh();
      if (found === 0 || (gone === 0 && listings >= ENOUGH)) break;
      if (listings === MOST) {
        throw new Error(
          `${bucket.name}: objects vanish faster than they are copied; the same command goes on at a quieter time.`,
        );
      }
    }
    tar.finalize();
  };
  write().catch((error: Error) => tar.destroy(error));
  return tar as unknown as Readable;
}

/** @throws {Error} if objects are there: what is put back would mix with them. */
export async function expectEmpty(bucket: Bucket, option: string): Promise<void> {
  for await (const { name } of bucket.list()) {
    throw new Error(
      `${bucket.name} is not empty (${name} is there), and objects are put back only where none are: ` +
        `empty it, or name another bucket or prefix in ${option}. Nothing was changed.`,
    );
  }
}

/** Puts back what `readObjects` wrote, over what is there under the same names. */
export async function putObjects(bucket: Bucket, tar: Readable): Promise<void> {
  const entries = extract();
  const feeding = pipeline(tar, entries);
  // What ends it is thrown by the entries as well.
  feeding.catch(() => undefined);
  const putting = new Map<string, Promise<void>>();
  for await (const entry of entries) {
    const { name, size = 0 } = entry.header;
    const isSmall = size <= SMALL;
    const content = isSmall ? await buffer(entry) : (entry as unknown as Readable);
    // Of one that is there again, the later content has to be the last.
    await putting.get(name);
    if (putting.size >= AT_ONCE) await Promise.race(putting.values());
    // One that failed stays, for whoever waits next.
    const written = bucket.write(name, content, size).then(() => void putting.delete(name));
    written.catch(() => undefined);
    putting.set(name, written);
    if (!isSmall) await written;
  }
  await Promise.all(putting.values());
  await feeding;
}
