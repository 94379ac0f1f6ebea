import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { descendants, signalAll } from "../helpers/processes";

export const PROJECT = resolve(__dirname, "../..");

export interface Ran {
  code: number | null;
  stdout: string;
  /** Both streams, in the order in which the lines came. */
  output: string;
  /** Seconds that it took. */
  seconds: number;
  /** Seconds from the start to the first line that matches; undefined if none does. */
  at(line: RegExp): number | undefined;
}

/** Settings of Pulumi and Docker that are the user's: the tests go by the stack's file alone. */
const USERS_OWN = /^(PULUMI_(BACKEND_URL|ACCESS_TOKEN|CONFIG_PASSPHRASE.*)|DOCKER_.*|NODE_ENV)$/;

/** The environment of this process without what is the user's own. */
export const ownEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([variable]) => !USERS_OWN.test(variable)));

/** A command line that runs another one somewhere. */
export type Inside = (program: string, args: readonly string[]) => [string, ...string[]];

const here: Inside = (program, args) => [program, ...args];

export interface HowToRun {
  /** Where. Default: here. */
  inside?: Inside;
  /** When it is resolved, the command gets a SIGINT; without npm, which starts it else. */
  interrupted?: Promise<unknown>;
  /** When it is resolved, the command and all that it started get a SIGKILL. */
  killed?: Promise<unknown>;
}

/** Runs a command of the project as it is typed: `npm run NAME -- …`. */
export async function npmRun(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { inside = here, interrupted, killed }: HowToRun = {},
): Promise<Ran> {
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1000;
  // The shell between npm and the command would end at the signal, and leave the command running.
  const [first, ...others] = interrupted
    ? [process.execPath, "--import", "tsx", "commands/main.ts", name]
    : ["npm", "run", "--silent", name, "--"];
  const [program, ...rest] = inside(first, [...others, ...args]);
  const child = spawn(program, rest, {
    cwd: PROJECT,
    env: { ...ownEnvironment(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  void interrupted?.then(() => child.kill("SIGINT"));
  void killed?.then(() => signalAll(descendants(child.pid!), "SIGKILL"));
  const lines: { at: number; text: string; out: boolean }[] = [];
  const collect = (stream: NodeJS.ReadableStream, out: boolean) =>
    createInterface({ input: stream }).on("line", (text) =>
      lines.push({ at: elapsed(), text, out }),
    );
  collect(child.stdout, true);
  collect(child.stderr, false);
  const code = await new Promise<number | null>((done, failed) => {
    child.once("error", failed);
    child.once("close", done);
  });
  const text = (which: typeof lines) => which.map((line) => line.text).join("\n");
  return {
    code,
    stdout: text(lines.filter(({ out }) => out)),
    output: text(lines),
    seconds: elapsed(),
    at: (pattern) => lines.find((line) => pattern.test(line.text))?.at,
  };
}

/** @throws with what it wrote, unless it ended with this exit code. */
export function expectCode(ran: Ran, code: number | null): Ran {
  if (ran.code !== code) {
    throw new Error(`exit code ${ran.code} in place of ${code}:\n${ran.output.slice(-8000)}`);
  }
  return ran;
}

/** Says how long something took, where the reader of a test run sees it. */
export function say(line: string): void {
  process.stderr.write(`    ${line}\n`);
}
