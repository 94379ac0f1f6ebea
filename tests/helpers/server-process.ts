import { execFile, spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { isListening } from "./ports";
import { findProgram, programOf } from "./servers";

const run = promisify(execFile);
const children = new Set<ChildProcess>();
process.once("exit", () => children.forEach((child) => child.kill("SIGKILL")));

export interface ServerOptions {
  /** What messages call it. */
  name: string;
  program: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Working directory. */
  directory: string;
  /** File that gets its output. */
  log: string;
  /** Address at which it listens. Default: 127.0.0.1. */
  host?: string;
  /** Ports that it must open. */
  ports: readonly number[];
  /** Command that tells whether it is well, as inside the container. */
  probe?: readonly string[];
  /** Milliseconds until it must be ready. */
  readyTimeout?: number;
  /** Milliseconds that it gets to end by itself. */
  stopGrace: number;
  /** With what it is told to end. Default: SIGTERM. */
  stopSignal?: NodeJS.Signals;
}

/** A server of the tests: a process of its own, with its output in a file. */
export class ServerProcess {
  #child: ChildProcess | undefined;
  #exit: Promise<void> = Promise.resolve();

  constructor(readonly options: ServerOptions) {}

  /** Process id. @throws if it does not run. */
  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error(`${this.options.name} does not run`);
    return this.#child.pid;
  }

  /** The last lines of its output. */
  log(lines = 40): string {
    return readFileSync(this.options.log, "utf8").split("\n").slice(-lines).join("\n");
  }

  start(): void {
    const { program, args, env, directory, log } = this.options;
    const output = openSync(log, "a");
    const child = spawn(program, args, {
      cwd: directory,
      // Nothing of the tests' own environment, least of all credentials in it.
      env: { PATH: process.env.PATH, HOME: directory, ...env },
      stdio: ["ignore", output, output],
    });
    closeSync(output);
    children.add(child);
    this.#child = child;
    this.#exit = new Promise((resolve) => {
      const ended = () => {
        children.delete(child);
        if (this.#child === child) this.#child = undefined;
        resolve();
      };
      child.once("exit", ended);
      child.once("error", ended);
    });
  }

  /** Waits until its ports are open. @throws with the end of its output if it ends or is late. */
  listening(): Promise<void> {
    return this.#until(async () => {
      const { ports, host } = this.options;
      const open = await Promise.all(ports.map((port) => isListening(port, host)));
      const closed = ports.filter((_, index) => !open[index]);
      return closed.length > 0 ? `ports ${closed.join()} are closed` : undefined;
    });
  }

  /** Waits until it listens and its probe passes. @throws as `listening` does. */
  async ready(): Promise<void> {
    await this.listening();
    await this.#until(() => this.#ask());
  }

  async #until(problemOf: () => Promise<string | undefined>): Promise<void> {
    const { name, readyTimeout = 90_000 } = this.options;
    const end = Date.now() + readyTimeout;
    for (;;) {
      if (!this.#child) throw new Error(`${name} ended at its start:\n${this.log()}`);
      const problem = await problemOf();
      if (problem === undefined) return;
      if (Date.now() > end) throw new Error(`${name} is not ready: ${problem}\n${this.log()}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** What the probe says against it; undefined if it is well or there is no probe to run here. */
  async #ask(): Promise<string | undefined> {
    const [command, ...args] = this.options.probe ?? [];
    const known = command === undefined ? undefined : programOf(command);
    const program = known && findProgram(known);
    if (program === undefined) return undefined;
    try {
      await run(program, args, {
        cwd: this.options.directory,
        env: { PATH: process.env.PATH, HOME: this.options.directory, ...this.options.env },
        timeout: 10_000,
      });
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** Sends a signal and waits for the end; after its grace SIGKILL follows. */
  async stop(signal: NodeJS.Signals = this.options.stopSignal ?? "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (!child) return;
    const timer = setTimeout(() => child.kill("SIGKILL"), this.options.stopGrace);
    child.kill(signal);
    await this.#exit;
    clearTimeout(timer);
  }
}
