import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import type { Command } from "commander";
import { reviewPage, type ReviewedStack } from "../review/page";
import { ABSENT, sideOf, type Side } from "../review/side";
import { PROJECT } from "./paths";
import { withProgress } from "./progress";

const run = promisify(execFile);

/** Output of a rendering that went wrong, and no more of it than a person reads. */
const OUTPUT = { maxBuffer: 64 * 2 ** 20 };

const git = async (...args: string[]): Promise<string> =>
  (await run("git", ["-C", PROJECT, ...args], OUTPUT)).stdout.trim();

async function commitOf(ref: string): Promise<string> {
  try {
    return await git("rev-parse", "--verify", "--quiet", `${ref}^{commit}`);
  } catch {
    throw new Error(
      `There is no revision "${ref}" in this clone. Fetch it first: git fetch origin ${ref}`,
    );
  }
}

const stackFile = (directory: string, stack: string) =>
  path.join(directory, `Pulumi.${stack}.yaml`);

/** Stacks whose files are in a directory. */
function stacksIn(directory: string): string[] {
  return fs
    .readdirSync(directory)
    .flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? [])
    .sort();
}

function filesIn(directory: string, within = ""): [string, string][] {
  return fs.readdirSync(path.join(directory, within), { withFileTypes: true }).flatMap((entry) => {
    const name = path.posix.join(within, entry.name);
    if (entry.isDirectory()) return filesIn(directory, name);
    return [[name, fs.readFileSync(path.join(directory, name), "utf8")] as [string, string]];
  });
}

/** A revision's rendering of a stack, by that revision's own code. */
async function sideIn(project: string, stack: string, out: string): Promise<Side> {
  const tsx = path.join(project, "node_modules/tsx/dist/cli.mjs");
  const main = path.join(project, "commands/main.ts");
  await run(process.execPath, [tsx, main, "render", "--stack", stack, "--out", out, "--plan"], {
    ...OUTPUT,
    cwd: project,
  });
  return sideOf(new Map(filesIn(out)), fs.readFileSync(stackFile(project, stack), "utf8"));
}

/** Dependencies of a revision: ours where they are the same, else its own. */
async function dependencies(project: string): Promise<void> {
  const lock = (directory: string) => fs.readFileSync(path.join(directory, "package-lock.json"));
  if (lock(project).equals(lock(PROJECT))) {
    fs.symlinkSync(path.join(PROJECT, "node_modules"), path.join(project, "node_modules"));
    return;
  }
  await withProgress("Installing the packages of the base revision", () =>
    run("npm", ["ci", "--no-audit", "--no-fund"], { ...OUTPUT, cwd: project }),
  );
}

const firstLine = (error: unknown): string => {
  const { stderr, message } = error as { stderr?: string; message: string };
  const lines = (stderr ?? message).split("\n").filter((line) => !/^npm warn|^\s*$/.test(line));
  return lines.slice(0, 3).join(" ");
};

async function reviewOf(stack: string, base: string, work: string): Promise<ReviewedStack> {
  const after = fs.existsSync(stackFile(PROJECT, stack))
    ? await sideIn(PROJECT, stack, path.join(work, `head-${stack}`))
    : ABSENT;
  if (!fs.existsSync(stackFile(base, stack))) {
    return { stack, before: ABSENT, after, notes: ["This stack is new."] };
  }
  try {
    const before = await sideIn(base, stack, path.join(work, `base-${stack}`));
    return { stack, before, after, ...(after === ABSENT && { notes: ["This stack is gone."] }) };
  } catch (error) {
    const note = `The base revision cannot be rendered, so all is shown as new: ${firstLine(error)}`;
    return { stack, before: ABSENT, after, notes: [note] };
  }
}

export interface ReviewOptions {
  base: string;
  stack?: string[];
}

/** The page that tells what the working tree changes against a revision. */
export async function review({ base, stack }: ReviewOptions): Promise<string> {
  const commit = await commitOf(base);
  const work = fs.mkdtempSync(path.join(os.tmpdir(), "tracekeep-review-"));
  const tree = path.join(work, "base");
  try {
    await git("worktree", "add", "--detach", "--quiet", tree, commit);
    await dependencies(tree);
    const known = [...new Set([...stacksIn(tree), ...stacksIn(PROJECT)])].sort();
    const unknown = (stack ?? []).filter((name) => !known.includes(name));
    if (unknown.length > 0) {
      throw new Error(`There is no stack "${unknown.join(", ")}" here: ${known.join(", ")}.`);
    }
    const reviewed: ReviewedStack[] = [];
    for (const name of stack ?? known) {
      reviewed.push(
        await withProgress(`Comparing the stack ${name}`, () => reviewOf(name, tree, work)),
      );
    }
    return reviewPage(`What changes against ${base} (${commit.slice(0, 10)})`, reviewed);
  } finally {
    await git("worktree", "remove", "--force", tree).catch(() => undefined);
    fs.rmSync(work, { recursive: true, force: true });
  }
}

export function register(program: Command): void {
  program
    .command("review")
    .description(
      "Write a page that tells reviewers what the working tree changes against a revision: data, " +
        "restarts, ports, certificates, images, files. Needs neither Docker nor an account.",
    )
    .requiredOption("-b, --base <ref>", "the revision to compare with, such as origin/main")
    .option("-s, --stack <name...>", "only these stacks (default: every Pulumi.<stack>.yaml)")
    .option("-o, --out <file>", "where to write it (default: the standard output)")
    .action(async ({ out, ...options }: ReviewOptions & { out?: string }) => {
      const page = await review(options);
      if (out === undefined) {
        process.stdout.write(page);
        return;
      }
      fs.mkdirSync(path.dirname(path.resolve(out)), { recursive: true });
      fs.writeFileSync(out, page);
      process.stderr.write(`Written: ${out}\n`);
    });
}
