import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";

export interface HostQuestion {
  stack: string;
  options: object;
}

export interface HostAnswer {
  unwell: string;
  dataVolumes: string[];
  whyNoStores: string;
}

/**
 * What the commands see of a deployed stack. Asked in a process of its own: the cluster's client is
 * loaded in a way that Jest's own loader does not have.
 */
export async function askHost(question: HostQuestion): Promise<HostAnswer> {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", join(__dirname, "cluster-host-process.ts")],
    { cwd: resolve(__dirname, "../.."), stdio: ["pipe", "pipe", "pipe"] },
  );
  child.stdin.end(JSON.stringify(question));
  const [output, problems] = await Promise.all([text(child.stdout), text(child.stderr)]);
  try {
    return JSON.parse(output) as HostAnswer;
  } catch {
    throw new Error(`the host was not asked:\n${problems}`);
  }
}
