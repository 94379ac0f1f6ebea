import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import Docker from "dockerode";
import { Machine } from "../helpers/machine";
import { eventually } from "../helpers/ports";
import { ServerProcess } from "../helpers/server-process";
import type { Inside } from "./command";
import type { OtherDaemon } from "./stack";

const run = promisify(execFile);

/** A Docker daemon of the tests' own, which may fail: in a machine within this one, on a small disk. */
export class OwnDaemon implements OtherDaemon {
  readonly socket: string;
  readonly docker: Docker;
  #server: ServerProcess | undefined;

  private constructor(private readonly machine: Machine) {
    this.socket = join(machine.directory, "docker.sock");
    this.docker = new Docker({ socketPath: this.socket });
  }

  /** @param mebibytes size of the disk of its data. `stop` must follow. */
  static async start(mebibytes: number): Promise<OwnDaemon> {
    const machine = await Machine.start(mkdtempSync(join(tmpdir(), "tracekeep-docker-")));
    const daemon = new OwnDaemon(machine);
    try {
      const { root } = daemon;
      machine.run("mkdir", "-p", root);
      machine.run("mount", "-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", root);
      await daemon.up();
      return daemon;
    } catch (error) {
      await daemon.stop();
      throw error;
    }
  }

  readonly root = "/var/lib/docker";

  readonly inside: Inside = (program, args) => this.machine.inNetwork(program, args);

  /** Starts the daemon. @returns once it answers. */
  async up(): Promise<void> {
    const { directory } = this.machine;
    const [program, ...args] = this.machine.inside("dockerd", [
      ...["--data-root", this.root, "--host", `unix://${this.socket}`],
      ...["--pidfile", join(directory, "docker.pid"), "--storage-driver", "overlay2"],
    ]);
    this.#server = new ServerProcess({
      name: "dockerd",
      program,
      args,
      env: {},
      directory,
      log: join(directory, "dockerd.log"),
      ports: [],
      stopGrace: 120_000,
    });
    const server = this.#server;
    server.start();
    await eventually(async () => {
      try {
        await this.docker.ping();
      } catch {
        throw new Error(`dockerd does not answer:\n${server.log()}`);
      }
    });
  }

  /** Ends the daemon alone. @returns once it has gone. */
  async down(signal: "TERM" | "KILL" = "TERM"): Promise<void> {
    const { machine } = this;
    const file = join(machine.directory, "docker.pid");
    const pid = readFileSync(file, "utf8").trim();
    machine.run("kill", `-${signal}`, pid);
    // It answers nobody for a while before it has ended, and no other starts beside it.
    await eventually(
      () => {
        try {
          machine.run("kill", "-0", pid);
        } catch {
          return Promise.resolve();
        }
        return Promise.reject(new Error("the daemon is still there"));
      },
      { timeout: 120_000 },
    );
    await this.#server?.stop();
    rmSync(file, { force: true });
  }

  /** Puts images of this machine's daemon into it. */
  async load(references: readonly string[]): Promise<void> {
    const pipe =
      'set -o pipefail; socket=$1; shift; docker save "$@" | docker --host "$socket" load';
    await run("bash", ["-c", pipe, "load", `unix://${this.socket}`, ...references], {
      env: { PATH: process.env.PATH },
    });
  }

  /** Fills its disk but for so many KiB. @returns what frees it again. */
  fill(left: number): () => void {
    const { machine, root } = this;
    const free = Number(machine.run("df", "--output=avail", "-k", root).split("\n")[1]);
    machine.run("fallocate", "-l", `${free - left}K`, `${root}/filling`);
    return () => machine.run("rm", `${root}/filling`);
  }

  /** Ends it with all that it runs. */
  async stop(): Promise<void> {
    await this.machine.stop();
    const { directory } = this.machine;
    await eventually(() => {
      rmSync(directory, { recursive: true, force: true });
      return existsSync(directory) ? Promise.reject(new Error("still there")) : Promise.resolve();
    });
  }
}
