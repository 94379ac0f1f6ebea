import { spawn } from "node:child_process";
import * as http from "node:http";
import { Duplex } from "node:stream";
import { setTimeout } from "node:timers/promises";

export interface SshTarget {
  /** Host name, or an alias of `~/.ssh/config`. */
  host: string;
  user?: string;
  port?: string;
  options: readonly string[];
}

/** The parts of `ssh://user@host[:port]`. */
export function parseSshHost(address: string, options: readonly string[] = []): SshTarget {
  const { hostname, username, port } = new URL(address);
  return {
    host: hostname,
    ...(username && { user: decodeURIComponent(username) }),
    ...(port && { port }),
    options,
  };
}

/** Arguments of `ssh` that reach a host; the user's own options come first, and so win. */
export function sshArguments({ host, user, port, options }: SshTarget): string[] {
  return [
    ...options,
    ...["-o", "BatchMode=yes", "-o", "ConnectTimeout=15"],
    ...(user === undefined ? [] : ["-l", user]),
    ...(port === undefined ? [] : ["-p", port]),
    "--",
    host,
  ];
}

/** What `http` asks of a socket, and a pipe has not. */
const SOCKET_MANNERS = ["setKeepAlive", "setNoDelay", "setTimeout", "ref", "unref"] as const;

/**
 * Speaks HTTP to the Docker daemon of another host: each connection is an `ssh` of the user's own
 * client, with its keys, configuration and known hosts, that runs `docker system dial-stdio` there.
 * It is the way in which the Docker provider gets there too.
 */
export class SshAgent extends http.Agent {
  #complaint = "";
  #ended: Promise<unknown> = Promise.resolve();

  constructor(private readonly target: SshTarget) {
    super({ keepAlive: false });
  }

  /** The last thing that `ssh` complained of, once it has had a second to do so. */
  async complaint(): Promise<string> {
    await Promise.race([this.#ended, setTimeout(1000, undefined, { ref: false })]);
    return this.#complaint;
  }

  override createConnection(): Duplex {
    const args = [...sshArguments(this.target), "docker", "system", "dial-stdio"];
    const child = spawn("ssh", args, { stdio: ["pipe", "pipe", "pipe"] });
    this.#ended = new Promise((resolve) => child.on("close", resolve));
    child.stderr.on("data", (chunk: Buffer) => {
      const line = chunk.toString("utf8").trim().split("\n").pop();
      if (line) this.#complaint = line;
    });
    const socket = Duplex.from({ readable: child.stdout, writable: child.stdin });
    child.on("error", (error) => {
      this.#complaint = `ssh cannot be run (${error.message})`;
      socket.destroy(error);
    });
    socket.on("close", () => child.kill());
    for (const name of SOCKET_MANNERS) Object.assign(socket, { [name]: () => socket });
    return socket;
  }
}
