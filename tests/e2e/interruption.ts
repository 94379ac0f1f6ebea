import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import {
  descendants,
  nameOf,
  parentOf,
  processes,
  readProcess,
  signalAll,
} from "../helpers/processes";
import { ownEnvironment, PROJECT } from "./command";
import type { TestStack } from "./stack";

/** A point in the course of an `up`: an operation begins, a thing is there, an operation has ended. */
export type Moment = `${"begun" | "made" | "ended"} ${string}`;

interface Metadata {
  op: string;
  urn: string;
  type: string;
}
interface EngineEvent {
  resourcePreEvent?: { metadata: Metadata };
  resOutputsEvent?: { metadata: Metadata };
}
interface DockerEvent {
  Type: string;
  Actor: { ID: string; Attributes: { name?: string } };
}

/** What is made of nothing outside of the program. */
const isComponent = (type: string) => /^(tracekeep|pulumi:pulumi):/.test(type);

function momentOf({ resourcePreEvent, resOutputsEvent }: EngineEvent): Moment | undefined {
  const event = resourcePreEvent ?? resOutputsEvent;
  if (event === undefined) return undefined;
  const { op, type, urn } = event.metadata;
  if (op === "same" || isComponent(type)) return undefined;
  return `${resourcePreEvent ? "begun" : "ended"} ${type.split(":").at(-1)} ${urn.split("::").at(-1)}`;
}

/** Reads the whole lines that were added to a file, which may not be there yet. */
class Tail {
  #offset = 0;
  #rest = "";

  constructor(private readonly file: string) {}

  lines(): string[] {
    if (!existsSync(this.file)) return [];
    const file = openSync(this.file, "r");
    const chunk = Buffer.alloc(2 ** 20);
    for (;;) {
      const length = readSync(file, chunk, 0, chunk.length, this.#offset);
      if (length === 0) break;
      this.#offset += length;
      this.#rest += chunk.toString("utf8", 0, length);
    }
    closeSync(file);
    const lines = this.#rest.split("\n");
    this.#rest = lines.pop() ?? "";
    return lines;
  }
}

/** Processes that runs of a stack have left. */
export const leftBy = (stack: TestStack): string[] =>
  processes()
    .filter((pid) =>
      readProcess(pid, "environ")
        .split("\0")
        .includes(`TRACEKEEP_RUN=${join(stack.home, stack.name)}`),
    )
    .map((pid) => readProcess(pid, "cmdline").replaceAll("\0", " "));

/** How a run is cut short: all of it at once, its engine alone, or as Ctrl-C in a terminal does it. */
export type Cut = "all" | "engine" | "interrupt";

/** @returns whether there was anything to cut short. */
function cut(pid: number, how: Cut): boolean {
  const all = descendants(pid);
  const engine = all.find((one) => nameOf(one) === "pulumi");
  if (engine === undefined) return false;
  // Whoever started the engine hands an interrupt on.
  const chosen = { all, engine: [engine], interrupt: [parentOf(engine)] }[how];
  signalAll(chosen, how === "interrupt" ? "SIGINT" : "SIGKILL");
  return true;
}

export interface CutRun {
  /** Where it was cut short or disturbed; undefined if it was not. */
  at?: Moment;
  how?: Cut;
  code: number | null;
  output: string;
  seconds: number;
}

/** How a run is cut short at a moment, if it is, and how many milliseconds after it; or what happens then. */
export type Plan = (moment: Moment) => { how: Cut; after: number } | (() => unknown) | undefined;

/** Names of what is made on a stack's daemon from now on. */
async function madeOn(stack: TestStack) {
  const made: Moment[] = [];
  const events = (await stack.docker.getEvents({
    filters: { event: ["create"], type: ["container", "volume", "network"] },
  })) as NodeJS.ReadableStream & { destroy(): void };
  events.on("error", () => {});
  events.on("data", (chunk: Buffer) => {
    for (const line of chunk.toString("utf8").split("\n").filter(Boolean)) {
      const { Type, Actor } = JSON.parse(line) as DockerEvent;
      const { name = Actor.ID } = Actor.Attributes;
      if (name.startsWith(`tracekeep-${stack.name}-`)) made.push(`made ${Type} ${name}`);
    }
  });
  return { take: () => made.splice(0), end: () => events.destroy() };
}

/** Runs `up`, and cuts it short or disturbs it where the plan says so, once. */
export async function upUntil(
  stack: TestStack,
  plan: Plan,
  pulumi: readonly string[] = [],
): Promise<CutRun> {
  const started = performance.now();
  const file = join(stack.home, "stacks", `events-${stack.name}.json`);
  rmSync(file, { force: true });
  const tail = new Tail(file);
  const made = await madeOn(stack);
  const args = ["--stack", stack.name, "--", "--skip-preview", ...pulumi];
  const [program, ...rest] = stack.inside("npm", ["run", "--silent", "up", "--", ...args]);
  const child = spawn(program, rest, {
    cwd: PROJECT,
    env: { ...ownEnvironment(), TRACEKEEP_HOME: stack.home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  }
  let code: number | null | undefined;
  const ended = new Promise<void>((done) =>
    child.once("exit", (exit) => {
      code = exit;
      done();
    }),
  );
  let done: Pick<CutRun, "at" | "how"> = {};
  while (code === undefined && done.at === undefined) {
    await Promise.race([ended, setTimeout(5)]);
    const seen = tail.lines().flatMap((line) => momentOf(JSON.parse(line) as EngineEvent) ?? []);
    for (const at of [...made.take(), ...seen]) {
      const planned = plan(at);
      if (planned === undefined) continue;
      if (typeof planned === "function") {
        await planned();
        done = { at };
      } else {
        await setTimeout(planned.after);
        if (cut(child.pid!, planned.how)) done = { at, how: planned.how };
      }
      break;
    }
  }
  await ended;
  made.end();
  const seconds = (performance.now() - started) / 1000;
  return { ...done, code: code ?? null, output, seconds };
}
