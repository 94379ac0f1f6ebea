import { createHash } from "node:crypto";
import { appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";

/** The runtime cuts a line into pieces of 16 KiB. */
const PIECE = 16_384;

/** How container runtimes write the time: containerd and CRI-O on a node of UTC, and on another. */
const ZONES = { utc: "Z", "+02:00": "+02:00" } as const;

/** Nanoseconds of the last line, so that no two have the same. */
let last = 0n;
function now(zone: keyof typeof ZONES): string {
  const clock = BigInt(Date.now()) * 1_000_000n;
  last = clock > last ? clock : last + 1n;
  const milliseconds = Number(last / 1_000_000n) + (zone === "utc" ? 0 : 2 * 3_600_000);
  const nanoseconds = String(last % 1_000_000_000n).padStart(9, "0");
  return `${new Date(milliseconds).toISOString().slice(0, 19)}.${nanoseconds}${ZONES[zone]}`;
}

/** A piece of a line, as the runtime notes it. */
export interface Piece {
  text: string;
  stream?: "stdout" | "stderr";
  /** Whether more of the line follows. Default: not. */
  partial?: boolean;
}

export interface PodLogOptions {
  namespace: string;
  pod: string;
  container: string;
  /** Time zone of the node. Default: UTC. */
  zone?: keyof typeof ZONES;
}

/** The log of one container of a pod, as a runtime writes it and the kubelet rotates it. */
export class PodLog {
  readonly uid: string;
  #restarts = 0;

  private constructor(
    private readonly root: string,
    private readonly options: PodLogOptions,
  ) {
    const hex = createHash("md5").update(JSON.stringify(options)).digest("hex");
    this.uid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  /** A new container, under the directory of all pods' logs. */
  static async create(root: string, options: PodLogOptions): Promise<PodLog> {
    const log = new PodLog(root, options);
    await mkdir(dirname(log.#file), { recursive: true });
    return log;
  }

  get #file(): string {
    const { namespace, pod, container } = this.options;
    return join(this.root, `${namespace}_${pod}_${this.uid}`, container, `${this.#restarts}.log`);
  }

  /** Writes lines, each in pieces if it is long. */
  async write(lines: readonly string[], stream: Piece["stream"] = "stdout"): Promise<void> {
    await this.writePieces(
      lines.flatMap((line) => {
        const pieces = line.match(new RegExp(`[^]{1,${PIECE}}`, "g")) ?? [""];
        return pieces.map((text, index) => ({
          text,
          stream,
          partial: index < pieces.length - 1,
        }));
      }),
    );
  }

  async writePieces(pieces: readonly Piece[]): Promise<void> {
    const { zone = "utc" } = this.options;
    const lines = pieces.map(
      ({ text, stream = "stdout", partial = false }) =>
        `${now(zone)} ${stream} ${partial ? "P" : "F"} ${text}\n`,
    );
    await appendFile(this.#file, lines.join(""), { mode: 0o640 });
  }

  /** The container was started again: its log is another file, and the old one stays a while. */
  restart(): void {
    this.#restarts += 1;
  }

  /** What the kubelet does with a file that is full: what was rotated before, it compresses. */
  async rotate(): Promise<void> {
    const directory = dirname(this.#file);
    const rotated = (await readdir(directory)).filter((name) => /\.log\.\d{8}-\d{6}$/.test(name));
    for (const name of rotated) {
      const file = join(directory, name);
      await writeFile(`${file}.tmp`, gzipSync(await readFile(file)));
      await rename(`${file}.tmp`, `${file}.gz`);
      await rm(file);
    }
    const time = new Date(Number(last / 1_000_000n)).toISOString().replace(/[-:]/g, "");
    const stamp = time.slice(0, 15).replace("T", "-");
    await rename(this.#file, join(directory, `${basename(this.#file)}.${stamp}`));
    await appendFile(this.#file, "", { mode: 0o640 });
  }
}
