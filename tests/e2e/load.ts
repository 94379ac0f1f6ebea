import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { descendants, signalAll } from "../helpers/processes";
import type { Variables } from "./application";
import type { TestStack } from "./stack";

/** What a sender counted. */
export interface Sent {
  acknowledged: number;
  /** Requests that were sent again. */
  repeated: number;
  /** Requests that were refused for good. */
  refused: number;
  /** Seconds that one request took at most, repetitions and all. */
  longest: number;
}

function run(stack: TestStack, variables: Variables, args: readonly string[]) {
  const script = ["--import", "tsx", join(__dirname, "trace-load.ts"), ...args];
  const [program, ...rest] = stack.inside(process.execPath, script);
  const child = spawn(program, rest, {
    env: { PATH: process.env.PATH, ...variables },
    stdio: ["ignore", "pipe", "inherit"],
  });
  return { child, figures: text(child.stdout).then((json) => JSON.parse(json) as unknown) };
}

/** An application that sends traces until it is ended. */
export class Load {
  readonly #file: string;
  readonly #running: ReturnType<typeof run>;

  /** @param port of the collector's OTLP over HTTP. */
  constructor(
    private readonly stack: TestStack,
    private readonly variables: Variables,
    port: number,
    name: string,
  ) {
    this.#file = join(stack.home, `sent-${name}`);
    const url = { LOAD_URL: `https://localhost:${port}` };
    this.#running = run(stack, { ...variables, ...url }, ["send", this.#file]);
  }

  async end(): Promise<Sent> {
    signalAll(descendants(this.#running.child.pid!), "SIGTERM");
    return (await this.#running.figures) as Sent;
  }

  /** Reads what was acknowledged back, by id. */
  async readBack(): Promise<{ found: number; lost: string[] }> {
    const { figures } = run(this.stack, this.variables, ["find", this.#file]);
    return (await figures) as { found: number; lost: string[] };
  }
}
