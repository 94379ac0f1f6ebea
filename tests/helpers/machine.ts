import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "./ports";
import { ServerProcess } from "./server-process";

const run = (command: string, args: readonly string[], input = "") =>
  execFileSync(command, args, { encoding: "utf8", input, stdio: "pipe" }).trim();

/**
 * What the first process does: directories that a node writes to are its own, it passes packets on,
 * and it waits, taking the ends of processes whose parents are gone.
 */
const INIT = `
set -e
mkdir -p "$1/lib"
mount --make-rshared /
mount --bind "$1/lib" /var/lib
for own in /run /var/log; do mount -t tmpfs -o size=256m tmpfs $own; done
ip link set lo up
echo 1 > /proc/sys/net/ipv4/ip_forward
while :; do sleep 3600; done
`;

/**
 * A machine within this one: a network, mounts and processes of its own. With its first process all of
 * them end, and whatever they mounted, routed or filtered is gone. It takes root.
 */
export class Machine {
  private constructor(
    readonly directory: string,
    /** Its address. */
    readonly address: string,
    /** This machine's address on the one wire between the two. */
    readonly hostAddress: string,
    private readonly first: ServerProcess,
    private readonly pid: number,
  ) {}

  /** Starts it, with its files in a directory that is there. `stop` must follow. */
  static async start(directory: string): Promise<Machine> {
    const first = new ServerProcess({
      name: "machine",
      program: "unshare",
      args: [
        ...["--net", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc"],
        ...["sh", "-c", INIT, "init", directory],
      ],
      env: {},
      directory,
      log: join(directory, "machine.log"),
      ports: [],
      stopGrace: 5000,
    });
    first.start();
    try {
      const child = `/proc/${first.pid}/task/${first.pid}/children`;
      const pid = await eventually(() => {
        const found = Number(readFileSync(child, "utf8").trim());
        return found > 0 ? Promise.resolve(found) : Promise.reject(new Error(first.log()));
      });
      // Of the range for measurements between networks, in which no other network lies.
      const net = `198.18.${randomInt(256)}.${randomInt(64) * 4}`;
      const [host, own] = [1, 2].map((add) => net.replace(/\d+$/, (last) => `${+last + add}`));
      const machine = new Machine(directory, own, host, first, pid);
      await machine.#connect();
      return machine;
    } catch (error) {
      await first.stop("SIGKILL");
      throw error;
    }
  }

  /** A wire between the two. It goes with the machine. */
  async #connect(): Promise<void> {
    const wire = `tk${this.pid}`;
    run("ip", ["link", "add", wire, "type", "veth", "peer", "eth0", "netns", `${this.pid}`]);
    run("ip", ["address", "add", `${this.hostAddress}/30`, "dev", wire]);
    run("ip", ["link", "set", wire, "up"]);
    // The loopback is up once the first process has done what it does.
    await eventually(() => {
      if (!this.run("ip", "link", "show", "lo").includes("UP")) throw new Error(this.first.log());
      return Promise.resolve();
    });
    this.run("ip", "address", "add", `${this.address}/30`, "dev", "eth0");
    this.run("ip", "link", "set", "eth0", "up");
    this.run("ip", "route", "add", "default", "via", this.hostAddress);
  }

  /** A command line, as it is run inside. */
  inside(program: string, args: readonly string[]): [program: string, ...args: string[]] {
    return ["nsenter", `--target=${this.pid}`, "--net", "--mount", "--pid", program, ...args];
  }

  /** A command line, as it is run on this machine's files with the network inside. */
  inNetwork(program: string, args: readonly string[]): [program: string, ...args: string[]] {
    return ["nsenter", `--target=${this.pid}`, "--net", program, ...args];
  }

  /** Runs a command inside. @returns what it wrote. @throws if it fails. */
  run(program: string, ...args: string[]): string {
    return this.write("", program, ...args);
  }

  /** Runs a command inside, which reads this. @returns what it wrote. @throws if it fails. */
  write(input: string, program: string, ...args: string[]): string {
    const [command, ...rest] = this.inside(program, args);
    return run(command, rest, input);
  }

  /** Ends it, with everything inside. */
  async stop(): Promise<void> {
    await this.first.stop("SIGKILL");
  }
}
