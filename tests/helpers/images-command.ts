import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, delimiter, join, resolve } from "node:path";
import { stringify } from "yaml";
import { wantedImages } from "../../commands/images/scope";
import { parseLock, type ImagesLock } from "../../config/images-lock";
import { makeImage, type MadeImage } from "./oci-image";
import type { LocalRegistry } from "./registry";
import { LOGIN } from "./token-server";

const PROJECT = resolve(__dirname, "../..");

/** What the command has no use for, or must not write. */
const LEFT_OUT = new Set(["node_modules", ".git", ".tracekeep", "tests", "docs", "rendered"]);

export interface Ran {
  code: number | null;
  /** Both streams. */
  output: string;
}

/** A copy of the project in which `images` writes its lock, with stacks and a login of its own. */
export class ImagesCommand {
  private constructor(readonly directory: string) {}

  /** `remove` must follow. */
  static async prepare(): Promise<ImagesCommand> {
    const directory = await mkdtemp(join(tmpdir(), "tracekeep-images-"));
    cpSync(PROJECT, join(directory, "project"), {
      recursive: true,
      filter: (source) => source === PROJECT || !LEFT_OUT.has(basename(source)),
    });
    symlinkSync(join(PROJECT, "node_modules"), join(directory, "project/node_modules"));
    mkdirSync(join(directory, "home"));
    mkdirSync(join(directory, "docker"));
    return new ImagesCommand(directory);
  }

  file(name: string): string {
    return join(this.directory, name);
  }

  /** A stack with these options. */
  stack(name: string, options: Record<string, object>): void {
    const config = Object.entries(options).map(([key, value]) => [`tracekeep:${key}`, value]);
    const text = stringify({ config: Object.fromEntries(config) });
    writeFileSync(this.file(`home/Pulumi.${name}.yaml`), text);
  }

  /** Logs in as `docker login` does where it has a store for logins, which skopeo does not ask. */
  login(registry: string, { user, password } = LOGIN): void {
    writeFileSync(this.file("docker/config.json"), JSON.stringify({ credsStore: "tests" }));
    const answer = JSON.stringify({ Username: user, Secret: password });
    const script = `#!/bin/sh\nread -r asked\n[ "$asked" = "${registry}" ] && echo '${answer}'\n`;
    writeFileSync(this.file("docker/docker-credential-tests"), script, { mode: 0o755 });
  }

  lock(): ImagesLock {
    return parseLock(readFileSync(this.file("project/images.lock.json"), "utf8"));
  }

  /** Runs a command of the project: `images check …`. */
  async run(args: readonly string[], path = process.env.PATH): Promise<Ran> {
    const child = spawn(
      process.execPath,
      [join(PROJECT, "node_modules/tsx/dist/cli.mjs"), "commands/main.ts", ...args],
      {
        cwd: this.file("project"),
        env: {
          PATH: `${this.file("docker")}${delimiter}${path}`,
          HOME: this.directory,
          DOCKER_CONFIG: this.file("docker"),
          TRACEKEEP_HOME: this.file("home"),
        },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    const code = await new Promise<number | null>((done, failed) => {
      child.once("error", failed);
      child.once("close", done);
    });
    return { code, output: Buffer.concat(chunks).toString("utf8") };
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Publishes an image of two platforms for each that a stack may run, of both families in turn. */
export async function publishAll(
  registry: LocalRegistry,
  platforms: readonly string[] = ["linux/amd64", "linux/arm64"],
): Promise<Record<string, MadeImage>> {
  const made: Record<string, MadeImage> = {};
  for (const [index, { repository, tag }] of wantedImages().entries()) {
    const path = repository.replace(/^docker\.io\//, "");
    made[repository] = makeImage(repository, platforms, index % 2 === 0 ? "oci" : "docker");
    await registry.push(path, tag, made[repository]);
  }
  return made;
}
