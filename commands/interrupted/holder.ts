import { execFileSync } from "node:child_process";
import * as os from "node:os";
import { z } from "zod";

/** Who has a stack in hand: what a lock file says, ours and Pulumi's alike. */
export const holderSchema = z.object({
  pid: z.number().int().positive(),
  username: z.string(),
  hostname: z.string(),
  timestamp: z.string().refine((text) => !Number.isNaN(Date.parse(text))),
});
export type Holder = z.infer<typeof holderSchema>;

/** Milliseconds by which the start of a process, told in whole seconds, may seem late. */
const SLACK = 2000;

/** This process, as a holder from now on. */
export const thisHolder = (): Holder => ({
  pid: process.pid,
  username: os.userInfo().username,
  hostname: os.hostname(),
  timestamp: new Date().toISOString(),
});

/** The holder that a lock file's text names; undefined if it was not written to its end. */
export function readHolder(text: string): Holder | undefined {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** What `ps` says of a process of this host: its state, and when it began; nothing where it is not known. */
function processOf(pid: number): { state?: string; began?: number } {
  try {
    const text = execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C" },
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [, state, lstart = ""] = /^\s*(\S+)\s+(.*)$/.exec(text.trim()) ?? [];
    const began = Date.parse(lstart);
    return { state, ...(!Number.isNaN(began) && { began }) };
  } catch {
    return {};
  }
}

function isNumberFree(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // EPERM: it runs, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/**
 * Whether a holder is gone for sure: its process was one of this host, and is no more. A process that
 * began after the lock was taken has but the same number.
 */
export function isGone({ pid, hostname, timestamp }: Holder): boolean {
  if (hostname !== os.hostname()) return false;
  if (isNumberFree(pid)) return true;
  const { state, began } = processOf(pid);
  // Ended, and not yet fetched by its parent.
  if (state?.startsWith("Z")) return true;
  if (began !== undefined) return began > Date.parse(timestamp) + SLACK;
  // Fetched while it was asked for.
  return isNumberFree(pid);
}

const EXPLAINED = "docs/operations.md";

/** Why a stack cannot be touched now, and what to do. */
export function heldBy(stack: string, holder: Holder): string {
  const { pid, username, hostname, timestamp } = holder;
  const since = new Date(timestamp).toLocaleString("sv-SE");
  const minutes = Math.max(0, Math.round((Date.now() - Date.parse(timestamp)) / 60_000));
  const elsewhere = hostname !== os.hostname();
  return (
    `Stack "${stack}" is in the hands of another run: process ${pid} of ${username} on ${hostname}, since ${since} (${minutes} min). Nothing was changed.\n` +
    (elsewhere
      ? `Wait for its end; if ${hostname} says that it has ended, take its lock away: pulumi cancel --stack ${stack} (${EXPLAINED}).`
      : `Wait for its end; one that hangs is ended by: kill -INT ${pid} (${EXPLAINED}).`)
  );
}
