import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { RUN_VARIABLE, runOf } from "./interrupted/leftovers";
import { clearHalfAttributes, stateDirectory } from "./interrupted/state-files";
import { home, PROJECT } from "./paths";
import { findPulumi } from "./pulumi-cli";
import { copyStackFile } from "./stack-file";

export interface PulumiRun {
  /** Exit code; 128 + n when signal n ended it. */
  code: number;
  /** What it wrote to stdout, if that was captured; else empty. */
  stdout: string;
}

export interface PulumiOptions {
  /** Collects stdout instead of showing it. */
  capture?: boolean;
  /** Further environment variables. */
  env?: Record<string, string>;
  /** What it reads from stdin. Default: what the user types. */
  input?: string;
  /** File that gets what the engine does, an event a line. */
  events?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether the state's passphrase is the generated one, for the user has brought neither it nor a backend. */
export function generatesPassphrase(environment: Environment): boolean {
  return !(
    environment.PULUMI_BACKEND_URL ||
    environment.PULUMI_ACCESS_TOKEN ||
    environment.PULUMI_CONFIG_PASSPHRASE !== undefined ||
    environment.PULUMI_CONFIG_PASSPHRASE_FILE
  );
}

/** Path of the generated passphrase. */
export const passphraseFile = (directory: string): string => path.join(directory, "passphrase");

/** Where the state is when the user has not said. */
const stateOf = (directory: string): string => path.join(directory, "state");

/**
 * Where state and passphrase are when the user has not said: a directory and a generated file
 * (0600) of their own. A backend of the user's brings its own passphrase.
 */
export function backendEnvironment(environment: Environment, directory: string) {
  if (environment.PULUMI_BACKEND_URL || environment.PULUMI_ACCESS_TOKEN) return {};
  const state = stateOf(directory);
  fs.mkdirSync(state, { recursive: true, mode: 0o700 });
  const backend = { PULUMI_BACKEND_URL: pathToFileURL(state).href };
  if (!generatesPassphrase(environment)) return backend;
  const file = passphraseFile(directory);
  if (!fs.existsSync(file)) {
    fs.writeFileSync(file, `${randomBytes(32).toString("base64url")}\n`, {
      mode: 0o600,
      flag: "wx",
    });
  }
  return { ...backend, PULUMI_CONFIG_PASSPHRASE_FILE: file };
}

/** The backend's directory, which need not be there yet; undefined where it is none. */
export function backendDirectory(): string | undefined {
  const { PULUMI_BACKEND_URL, PULUMI_ACCESS_TOKEN } = process.env;
  const isUsers = Boolean(PULUMI_BACKEND_URL || PULUMI_ACCESS_TOKEN);
  return isUsers ? stateDirectory(PULUMI_BACKEND_URL) : stateOf(home());
}

/** Environment of a backend that can be read, though what wrote it before may have been killed. */
function readableBackend(stack: string) {
  const state = backendDirectory();
  if (state !== undefined) clearHalfAttributes(state, stack);
  return backendEnvironment(process.env, home());
}

/** Runs the CLI to its end, in the foreground: an interrupt reaches it and is waited for. */
async function spawnPulumi(
  command: string,
  args: readonly string[],
  { cwd, capture, env, input }: PulumiOptions & { cwd: string },
): Promise<PulumiRun> {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true", ...env },
    stdio: [input === undefined ? "inherit" : "pipe", capture ? "pipe" : "inherit", "inherit"],
  });
  // One that ends without reading says so by its exit code.
  child.stdin?.on("error", () => undefined).end(input);
  // A terminal sends its interrupt to both, and a second one would make Pulumi give up its cleanup.
  const forward = (signal: NodeJS.Signals) => {
    if (signal === "SIGTERM" || !process.stdin.isTTY) child.kill(signal);
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, forward);
  try {
    return await new Promise<PulumiRun>((resolve, reject) => {
      const chunks: Buffer[] = [];
      child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
      child.on("error", reject);
      child.on("close", (code, signal) => {
        const ended = signal === null ? 1 : 128 + os.constants.signals[signal];
        resolve({ code: code ?? ended, stdout: Buffer.concat(chunks).toString("utf8") });
      });
    });
  } finally {
    for (const signal of signals) process.off(signal, forward);
  }
}

/** A directory with a `Pulumi.yaml` of the project's name, where what Pulumi writes lands in the copies. */
function projectOfCopies(): string {
  const directory = path.join(home(), "stacks");
  const text = "name: tracekeep\nruntime: nodejs\n";
  const file = path.join(directory, "Pulumi.yaml");
  if (!fs.existsSync(file)) fs.writeFileSync(file, text);
  return directory;
}

/** Commands that read the stack's file and run the program. */
const TAKES_CONFIG_FILE = new Set(["up", "preview", "destroy", "refresh", "config"]);

/**
 * Runs a Pulumi command on a stack, which is made when it is not there yet.
 *
 * @param args the command first: `["up", "--yes"]`. The stack and its file are added.
 * @throws {Error} when there is no CLI, no stack file, or the stack cannot be made.
 */
export async function runPulumi(
  stack: string,
  args: readonly string[],
  options: PulumiOptions = {},
): Promise<PulumiRun> {
  const configFile = copyStackFile(stack);
  const command = await findPulumi();
  const env = {
    ...options.env,
    ...readableBackend(stack),
    [RUN_VARIABLE]: runOf(stack),
    // Without it the CLI does not know the option.
    ...(options.events !== undefined && { PULUMI_DEBUG_COMMANDS: "true" }),
  };
  const copies = projectOfCopies();
  await ensureStack(command, stack, copies, env);
  // Elsewhere than in the project, Pulumi would write the tracked stack file.
  const takesFile = TAKES_CONFIG_FILE.has(args[0]);
  const file = takesFile ? ["--config-file", configFile] : [];
  const events = options.events === undefined ? [] : ["--event-log", options.events];
  return spawnPulumi(command, [...args, "--stack", stack, ...file, ...events], {
    ...options,
    env,
    cwd: takesFile ? PROJECT : copies,
  });
}

const known = new Set<string>();

interface ListedStack {
  name: string;
  /** Left out where the backend does not count. */
  resourceCount?: number;
}

/** A stack as the backend lists it, if it is there. */
async function listedStack(
  command: string,
  stack: string,
  cwd: string,
  env: Record<string, string>,
): Promise<ListedStack | undefined> {
  const listed = await spawnPulumi(command, ["stack", "ls", "--json"], { cwd, env, capture: true });
  if (listed.code !== 0) throw new Error("Pulumi could not read its backend; see above.");
  const stacks = JSON.parse(listed.stdout) as ListedStack[];
  return stacks.find(({ name }) => name.split("/").pop() === stack);
}

/** How many resources a stack's state has, 0 where there is none; undefined if that is not known. */
export async function stackResources(stack: string): Promise<number | undefined> {
  const env = readableBackend(stack);
  fs.mkdirSync(path.join(home(), "stacks"), { recursive: true, mode: 0o700 });
  const listed = await listedStack(await findPulumi(), stack, projectOfCopies(), env);
  return listed === undefined ? 0 : listed.resourceCount;
}

async function ensureStack(
  command: string,
  stack: string,
  cwd: string,
  env: Record<string, string>,
): Promise<void> {
  if (known.has(stack)) return;
  if ((await listedStack(command, stack, cwd, env)) === undefined) {
    const args = ["stack", "init", stack, "--no-select", "--non-interactive"];
    const made = await spawnPulumi(command, args, { cwd, env, capture: true });
    if (made.code !== 0) throw new Error(`Pulumi could not make the stack "${stack}"; see above.`);
  }
  known.add(stack);
}

/**
 * The outputs of a stack, secrets decrypted only when asked for; empty when it was never deployed.
 */
export async function stackOutputs(
  stack: string,
  { showSecrets = false } = {},
): Promise<Record<string, unknown>> {
  const args = ["stack", "output", "--json", ...(showSecrets ? ["--show-secrets"] : [])];
  const { code, stdout } = await runPulumi(stack, args, { capture: true });
  if (code !== 0) throw new Error(`The outputs of stack "${stack}" could not be read; see above.`);
  return JSON.parse(stdout) as Record<string, unknown>;
}
