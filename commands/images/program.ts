import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** What of a failed program's words is shown. */
const LINES = 4;

/** Whether a program is on `PATH` and says its version. */
export async function isThere(program: string): Promise<boolean> {
  try {
    await run(program, ["--version"]);
    return true;
  } catch {
    return false;
  }
}

/**
 * Runs a program to its end.
 *
 * @returns what it wrote to stdout.
 * @throws {Error} with the end of what it wrote to stderr.
 */
export function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let complaint = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString("utf8")));
    child.stderr.on("data", (chunk: Buffer) => {
      complaint = (complaint + chunk.toString("utf8")).slice(-4000);
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) {
        resolve(out);
        return;
      }
      const end = complaint.trim().split("\n").slice(-LINES).join("\n  ");
      reject(new Error(`${program} ${args[0]} ended with exit code ${code}:\n  ${end}`));
    });
  });
}

/** A directory for as long as some work takes, readable by nobody else. */
export async function inTemporaryDirectory<T>(
  work: (directory: string) => Promise<T>,
  parent = os.tmpdir(),
): Promise<T> {
  const directory = fs.mkdtempSync(path.join(parent, ".tracekeep-images-"));
  try {
    return await work(directory);
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}
