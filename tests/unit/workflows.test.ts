import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import packageJson from "../../package.json";

const run = promisify(execFile);
const GITHUB = resolve(__dirname, "../../.github");

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}
interface Job {
  permissions?: Record<string, string>;
  "timeout-minutes"?: number;
  environment?: string;
  concurrency?: object;
  if?: string;
  env?: Record<string, string>;
  steps: (Step & { env?: Record<string, string> })[];
}
interface Workflow {
  on: Record<string, unknown>;
  permissions: Record<string, string>;
  concurrency?: object;
  jobs: Record<string, Job>;
}

const workflows = readdirSync(join(GITHUB, "workflows")).map((file) => {
  const text = readFileSync(join(GITHUB, "workflows", file), "utf8");
  return { file, text, workflow: parse(text) as Workflow };
});
const jobs = workflows.flatMap(({ file, workflow }) =>
  Object.entries(workflow.jobs).map(([name, job]) => [`${file} ${name}`, job, workflow] as const),
);

/** What a job may write. */
const RIGHTS: Readonly<Record<string, string[]>> = {
  "comment.yml post": ["pull-requests"],
  "drift.yml drift": ["issues"],
};

describe("the workflows", () => {
  test.each(jobs)("%s may do no more than it needs", (name, job, { permissions, concurrency }) => {
    expect(permissions).toEqual({ contents: "read" });
    const writes = Object.entries(job.permissions ?? {}).filter(([, right]) => right === "write");
    expect(writes.map(([what]) => what)).toEqual(RIGHTS[name] ?? []);
    expect(job["timeout-minutes"]).toBeGreaterThan(0);
    expect(job.concurrency ?? concurrency).toBeDefined();
  });

  test.each(jobs)("%s takes actions by their commit", (_, { steps }) => {
    for (const { uses, with: settings } of steps) {
      if (uses === undefined) continue;
      expect(uses).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
      if (uses.startsWith("actions/checkout@")) {
        expect(settings).toMatchObject({ "persist-credentials": false });
      }
    }
  });

  test.each(jobs)("%s runs scripts that there are", (_, { steps }) => {
    const scripts = Object.keys(packageJson.scripts);
    const called = steps.flatMap(({ run: command = "" }) =>
      [...command.matchAll(/npm (?:run (?:--silent )?([\w:]+)|(test))/g)].map(
        ([, script, test]) => script ?? test,
      ),
    );
    expect(called.filter((script) => !scripts.includes(script))).toEqual([]);
  });

  test.each(jobs)("%s puts no text of a pull request into a shell", (_, { steps }) => {
    for (const { run: command = "" } of steps) expect(command).not.toContain("${{");
  });

  test.each(workflows.map(({ file, text, workflow }) => [file, text, workflow] as const))(
    "%s gives a fork's code no secret",
    (_, __, { on, jobs: all }) => {
      if (!("pull_request" in on)) return;
      for (const job of Object.values(all)) {
        const hasSecrets = JSON.stringify(job).includes("secrets.");
        const isOurs = job.if?.includes("head.repo.full_name == github.repository") ?? false;
        expect({ hasSecrets, isOurs: hasSecrets && isOurs }).toEqual({
          hasSecrets,
          isOurs: hasSecrets,
        });
      }
    },
  );

  test("none runs a fork's code with the rights of this repository", () => {
    expect(workflows.filter(({ workflow }) => "pull_request_target" in workflow.on)).toEqual([]);
    const [{ workflow }] = workflows.filter(({ file }) => file === "comment.yml");
    const [checkout] = workflow.jobs.post.steps;
    // Without a ref it is the default branch.
    expect(checkout.with).not.toHaveProperty("ref");
  });
});

describe("the script that posts pages", () => {
  let directory: string;
  const HEAD = "a".repeat(40);
  /** Answers as GitHub does, and notes what it was asked. */
  const gh = (comments: object[]) => `#!/usr/bin/env bash
printf '%s\\n' "$*" >>"${directory}/calls"
case "$*" in
  *pulls/7*) echo "${HEAD}" ;;
  *"--paginate"*)
    query=$(printf '%s\\n' "$@" | tail -n 1)
    node -e '
      const [comments, query] = process.argv.slice(1);
      const [, marker] = /startswith\\("(.*?)"\\)/.exec(query);
      for (const { id, body, user } of JSON.parse(comments))
        if (user.type === "Bot" && body.startsWith(marker)) console.log(id);
    ' '${JSON.stringify(comments)}' "$query" ;;
esac
`;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "tracekeep-comment-"));
    for (const stack of ["dev", "prod"]) {
      await mkdir(join(directory, "pages", `page-${stack}`), { recursive: true });
      await writeFile(join(directory, "pages", `page-${stack}`, `${stack}.md`), `# ${stack}\n`);
      await writeFile(join(directory, "pages", `page-${stack}`, "number"), "7\n");
    }
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const post = async (comments: object[] = [], head = HEAD) => {
    const bin = join(directory, "bin");
    await mkdir(bin);
    await writeFile(join(bin, "gh"), gh(comments));
    await chmod(join(bin, "gh"), 0o755);
    const { stdout } = await run(
      join(GITHUB, "scripts/comment.sh"),
      [join(directory, "pages"), head],
      { env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}`, GH_REPO: "o/r" } },
    );
    const calls = (await readdir(directory)).includes("calls")
      ? await readFile(join(directory, "calls"), "utf8")
      : "";
    return { stdout, calls };
  };

  test("posts a comment a page, and edits its own of before", async () => {
    const body = "<!-- tracekeep: dev -->\n# dev";
    const { stdout, calls } = await post([
      { id: 1, body, user: { type: "User" } },
      { id: 2, body, user: { type: "Bot" } },
    ]);
    expect(stdout).toBe("edited: dev.md\nposted: prod.md\n");
    expect(calls).toContain("-X PATCH repos/o/r/issues/comments/2 -f body=<!-- tracekeep: dev -->");
    expect(calls).toContain("-X POST repos/o/r/issues/7/comments -f body=<!-- tracekeep: prod -->");
  });

  test("posts nothing to a pull request that is not at that commit", async () => {
    const { stdout, calls } = await post([], "b".repeat(40));
    expect(stdout).toContain("nothing was posted");
    expect(calls).not.toContain("-X");
  });

  test.each(["7; rm -rf /", "../8", "", "7\n8"])("refuses the number %j", async (number) => {
    await writeFile(join(directory, "pages/page-dev/number"), number);
    await writeFile(join(directory, "pages/page-prod/number"), number);
    await expect(post()).rejects.toMatchObject({
      stderr: "no number of a pull request came with the pages\n",
    });
  });
});
