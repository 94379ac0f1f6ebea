import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const PACK = resolve(__dirname, "../../policy");

/** Why this machine's Pulumi cannot look at an exported state; nothing where it can. */
export function lackingAnalysis(): string[] {
  const { stdout } = spawnSync("pulumi", ["policy", "analyze", "--help"], { encoding: "utf8" });
  return stdout?.includes("--file") ? [] : ["no `pulumi policy analyze --file` (CLI 3.249)"];
}

/** Names of the policies that a run reports at a level. */
export const reported = (output: string, level: string): string[] =>
  [
    ...new Set(
      [...output.matchAll(/\[(\w+)\]\s+([a-z0-9-]+)\s/g)].map(([, of, name]) => `${of} ${name}`),
    ),
  ]
    .filter((one) => one.startsWith(`${level} `))
    .map((one) => one.slice(level.length + 1))
    .sort();

/** What the pack finds in a state as `pulumi stack export` writes it: no stack and no login is needed. */
export async function analyze(exported: object): Promise<{ code: number; output: string }> {
  const directory = mkdtempSync(join(tmpdir(), "tracekeep-analyze-"));
  try {
    const file = join(directory, "state.json");
    writeFileSync(file, JSON.stringify(exported), { mode: 0o600 });
    const { PATH, HOME } = process.env;
    return await run("pulumi", ["policy", "analyze", "--file", file, "--policy-pack", PACK], {
      cwd: directory,
      maxBuffer: 2 ** 27,
      env: { PATH, HOME, PULUMI_SKIP_UPDATE_CHECK: "true" },
    }).then(
      ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
      ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
        code,
        output: stdout + stderr,
      }),
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
