import { createHash } from "node:crypto";
import { appendFile, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

/** The driver cuts a line into pieces of 16 KiB. */
const PIECES = /[^]{1,16384}/g;

/** How many files a container keeps: `max-file` of the target. */
const MAX_FILES = 3;

/** Nanoseconds of the last line, so that no two have the same. */
let last = 0n;
function now(): string {
  const clock = BigInt(Date.now()) * 1_000_000n;
  last = clock > last ? clock : last + 1n;
  const nanoseconds = String(last % 1_000_000_000n).padStart(9, "0");
  return `${new Date(Number(last / 1_000_000n)).toISOString().slice(0, 19)}.${nanoseconds}Z`;
}

/** Go escapes these in JSON. */
const asGo = (json: string) =>
  json.replace(/[<>&]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** The log files of one container as Docker's `json-file` driver writes and rotates them. */
export class ContainerLog {
  readonly #file: string;

  private constructor(
    directory: string,
    id: string,
    /** Tag of its lines: the container's name, where the driver was told so. */
    private readonly tag: string | undefined,
  ) {
    this.#file = join(directory, id, `${id}-json.log`);
  }

  /** A new container in Docker's directory of containers. */
  static async create(directory: string, name: string, tagged = true): Promise<ContainerLog> {
    const id = createHash("sha256").update(name).digest("hex");
    await mkdir(join(directory, id), { recursive: true });
    return new ContainerLog(directory, id, tagged ? name : undefined);
  }

  /** Writes lines, each in pieces if it is long; without a line break the last one goes on. */
  async write(
    lines: readonly string[],
    { stream = "stdout", end = "\n" }: { stream?: "stdout" | "stderr"; end?: string } = {},
  ): Promise<void> {
    const pieces = lines.flatMap((line) => `${line}${end}`.match(PIECES) ?? []);
    await appendFile(
      this.#file,
      pieces.map((log) => `${asGo(this.#entry(log, stream))}\n`).join(""),
      { mode: 0o640 },
    );
  }

  #entry(log: string, stream: string): string {
    const attrs = this.tag === undefined ? {} : { attrs: { tag: this.tag } };
    return JSON.stringify({ log, stream, ...attrs, time: now() });
  }

  /** What happens when a file is full: each moves on by one, and the oldest goes. */
  async rotate(): Promise<void> {
    const nameOf = (index: number) => (index === 0 ? this.#file : `${this.#file}.${index}`);
    await rm(nameOf(MAX_FILES - 1), { force: true });
    for (let index = MAX_FILES - 2; index >= 0; index--) {
      await rename(nameOf(index), nameOf(index + 1)).catch(() => {});
    }
    await appendFile(this.#file, "", { mode: 0o640 });
  }
}
