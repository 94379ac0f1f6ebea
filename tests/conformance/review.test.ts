import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const PROJECT = resolve(__dirname, "../..");
const AUTHOR = ["-c", "user.name=Reviewer", "-c", "user.email=reviewer@example.org"];

describe("The command that reviews", () => {
  let directory: string;
  let clone: string;

  const git = (...args: string[]) => run("git", ["-C", clone, ...AUTHOR, ...args]);
  const review = (...args: string[]) =>
    run(
      process.execPath,
      ["node_modules/tsx/dist/cli.mjs", "commands/main.ts", "review", ...args],
      { cwd: clone, maxBuffer: 16 * 2 ** 20 },
    );
  const edit = async (file: string, change: (text: string) => string) => {
    const before = await readFile(join(clone, file), "utf8");
    const after = change(before);
    expect(after).not.toBe(before);
    await writeFile(join(clone, file), after);
  };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "tracekeep-review-test-"));
    clone = join(directory, "clone");
    await run("git", ["clone", "--quiet", PROJECT, clone]);
    await symlink(join(PROJECT, "node_modules"), join(clone, "node_modules"));
  }, 60_000);
  afterAll(() => rm(directory, { recursive: true, force: true }));

  test("compares the working tree with a revision, in a tree that it takes away again", async () => {
    const option = (text: string) =>
      text.replace("config:\n", "config:\n  tracekeep:namePrefix: other\n");
    await edit("Pulumi.dev.yaml", option);
    const out = join(directory, "page.md");
    await review("--base", "HEAD", "--stack", "dev", "--out", out);
    const page = await readFile(out, "utf8");
    expect(page).toContain("- **Volume `tracekeep-dev-tempo-data` → `other-tempo-data`");
    expect(page).toMatch(/`tempo` is replaced/);
    expect(page).not.toMatch(/\[certificate:|PRIVATE KEY/);
    expect((await git("worktree", "list")).stdout.trim().split("\n")).toHaveLength(1);
    await git("checkout", "--quiet", "Pulumi.dev.yaml");
  }, 120_000);

  test("renders each revision with its own code", async () => {
    await edit("components/tempo/config.ts", (text) =>
      text.replace("stopGrace: ", "stopGrace: 1 + "),
    );
    const { stdout } = await review("--base", "HEAD", "--stack", "dev");
    expect(stdout).toMatch(/1\. `tempo` is replaced.*`stopGraceSeconds`/);
    await git("checkout", "--quiet", "components/tempo/config.ts");
  }, 120_000);

  test("shows as new what the base has not, and says what a base cannot tell", async () => {
    await run("cp", ["Pulumi.dev.yaml", "Pulumi.extra.yaml"], { cwd: clone });
    const { stdout } = await review("--base", "HEAD", "--stack", "extra");
    expect(stdout).toContain("> This stack is new.");
    await git("add", "Pulumi.extra.yaml");
    await edit("commands/render.ts", (text) => text.replace('"--plan"', '"--other"'));
    await git("commit", "--quiet", "--all", "--message", "a base that knows less");
    await git("checkout", "--quiet", "HEAD~1", "commands/render.ts");
    const { stdout: page } = await review("--base", "HEAD", "--stack", "extra");
    expect(page).toContain(
      "> The base revision cannot be rendered, so all is shown as new: error: unknown option '--plan'",
    );
    await git("checkout", "--quiet", "HEAD", "commands/render.ts");
  }, 120_000);

  test.each([
    [["--base", "no-such-branch"], /no revision "no-such-branch" in this clone\. Fetch it first/],
    [["--base", "HEAD", "--stack", "nowhere"], /There is no stack "nowhere" here: dev, /],
  ])(
    "%j is answered in a sentence",
    async (args, message) => {
      await expect(review(...args)).rejects.toMatchObject({
        stderr: expect.stringMatching(message),
      });
    },
    60_000,
  );
});
