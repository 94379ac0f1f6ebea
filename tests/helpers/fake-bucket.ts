import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { Bucket } from "../../commands/backup/bucket";

/** A bucket in memory, and what is done to it. */
export class FakeBucket implements Bucket {
  readonly name: string = "s3 s3.example.com:443/b/p";
  readonly objects = new Map<string, Buffer>();
  #writes = 0;
  listings = 0;
  readonly reads: string[] = [];
  /** Before a listing, by its number. */
  beforeListing: (number: number) => void = () => undefined;
  beforeRead: (name: string) => void = () => undefined;

  constructor(objects: Readonly<Record<string, string | Buffer>> = {}) {
    for (const [name, content] of Object.entries(objects)) this.put(name, content);
  }
  put(name: string, content: string | Buffer): void {
    this.objects.set(name, Buffer.from(content));
  }
  async *list() {
    this.beforeListing(++this.listings);
    for (const [name, content] of [...this.objects].sort()) {
      await Promise.resolve();
      yield { name, bytes: content.length, tag: content.subarray(0, 100).toString("hex") };
    }
  }
  read(name: string) {
    this.beforeRead(name);
    this.reads.push(name);
    const content = this.objects.get(name);
    return Promise.resolve(content && { bytes: content.length, content: Readable.from([content]) });
  }
  async write(name: string, content: Buffer | Readable) {
    // The first takes longest.
    await new Promise((done) => setTimeout(done, this.#writes++ === 0 ? 50 : 0));
    this.put(name, Buffer.isBuffer(content) ? content : await buffer(content));
  }
  get text(): Record<string, string> {
    return Object.fromEntries([...this.objects].map(([name, bytes]) => [name, bytes.toString()]));
  }
}
