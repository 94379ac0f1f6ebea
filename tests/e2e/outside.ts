import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import { eventually } from "../helpers/ports";

/** Of the range that is set aside for tests of networks (RFC 2544). */
const HERE = "198.18.77.1";
const THERE = "198.18.77.2";
const PORT = 9100;

const SERVER = `require("node:http")
  .createServer((_, response) =>
    response.setHeader("content-type", "text/plain").end("tracekeep_outside 1\\n"))
  .listen(${PORT}, "${THERE}")`;

function ip(...args: string[]): boolean {
  return spawnSync("ip", args, { stdio: "ignore" }).status === 0;
}

const PREFIX = "tke2e";

/** Removes what runs that were killed have left: it holds the addresses. */
function removeLeftovers(): void {
  const listed = spawnSync("ip", ["netns", "list"], { encoding: "utf8" }).stdout;
  for (const [name, pid] of listed.matchAll(new RegExp(`^${PREFIX}(\\d+)`, "gm"))) {
    if (fs.existsSync(`/proc/${pid}`)) continue;
    ip("link", "del", name);
    ip("netns", "del", name);
  }
}

/**
 * A host outside of every bridge of Docker, on this machine: a network namespace behind a link of
 * its own. As out in the world, nobody there knows a way to a container's own address.
 */
export class Outside {
  static readonly host = THERE;
  static readonly port = PORT;
  readonly #name = `${PREFIX}${process.pid}`;
  #server?: ChildProcess;

  /** What making one lacks on this machine. */
  static lacking(): string[] {
    if (process.getuid?.() !== 0) return ["not root: no host outside can be made"];
    return ip("netns", "list") ? [] : ["no ip command: no host outside can be made"];
  }

  async start(): Promise<void> {
    removeLeftovers();
    const name = this.#name;
    const inside = ["-n", name];
    const steps = [
      ["netns", "add", name],
      ["link", "add", name, "type", "veth", "peer", "name", "there", "netns", name],
      ["addr", "add", `${HERE}/30`, "dev", name],
      ["link", "set", name, "up"],
      [...inside, "addr", "add", `${THERE}/30`, "dev", "there"],
      [...inside, "link", "set", "there", "up"],
    ];
    for (const step of steps) {
      if (!ip(...step)) throw new Error(`ip ${step.join(" ")} failed`);
    }
    const args = ["netns", "exec", name, process.execPath, "-e", SERVER];
    this.#server = spawn("ip", args, { stdio: "ignore" });
    await eventually(async () => {
      const response = await fetch(`http://${THERE}:${PORT}/`);
      if (!response.ok) throw new Error(`it answered ${response.status}`);
    });
  }

  stop(): void {
    this.#server?.kill();
    ip("link", "del", this.#name);
    ip("netns", "del", this.#name);
  }
}
