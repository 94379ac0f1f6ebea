import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmdirSync } from "node:fs";
import { statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Mounts an empty file system in memory of so many MiB over a directory. @throws without the right. */
export function mountVolume(directory: string, mebibytes: number): void {
  mkdirSync(directory, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", directory], {
    stdio: "pipe",
  });
}

/** Takes it away, also from processes that have files open there. */
export function unmountVolume(directory: string): void {
  execFileSync("umount", ["--lazy", directory], { stdio: "pipe" });
}

/** What a test that mounts a volume lacks on this machine. */
export function lackingForVolumes(): string[] {
  const directory = mkdtempSync(join(tmpdir(), "tracekeep-mount-"));
  try {
    mountVolume(directory, 1);
    unmountVolume(directory);
    return [];
  } catch {
    return ["no right to mount a file system"];
  } finally {
    rmdirSync(directory);
  }
}

/** Writes a file into a file system that leaves it filled to this share. */
export async function fillVolume(directory: string, share: number): Promise<void> {
  const { blocks, bfree, bsize } = await statfs(directory);
  const bytes = Math.floor((blocks * share - (blocks - bfree)) * bsize);
  await writeFile(join(directory, "filling"), Buffer.alloc(bytes));
}
