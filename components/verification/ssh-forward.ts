import { spawn, type ChildProcess } from "node:child_process";
import { createServer, connect, type AddressInfo } from "node:net";
import { splitHostPort } from "./client";
import type { Forwards, SshRemote } from "./forward";

/** Milliseconds that `ssh` has for its login. */
const LOGIN_TIMEOUT = 20_000;

/** Arguments of `ssh` for `ssh://[user@]host[:port]`, before its own options. */
export function sshDestination(url: string): string[] {
  const { protocol, username, hostname, port } = new URL(url);
  if (protocol !== "ssh:" || hostname === "") {
    throw new Error(`expected "ssh://user@host[:port]", got "${url}"`);
  }
  const host = username === "" ? hostname : `${decodeURIComponent(username)}@${hostname}`;
  return [...(port === "" ? [] : ["-p", port]), host];
}

/** Ports of the loopback that were free a moment ago; `ssh` ends if one no longer is. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer();
      return new Promise<typeof server>((resolve, reject) => {
        server.once("error", reject);
        server.listen(0, "127.0.0.1", () => resolve(server));
      });
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

const isOpen = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });

/** Waits until every forward listens. @throws with what `ssh` said, if it ends before. */
async function listening(
  child: ChildProcess,
  ports: readonly number[],
  host: string,
): Promise<void> {
  let said = "";
  let ended = false;
  child.stderr?.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)));
  child.once("error", (error) => (said += error.message));
  child.once("close", () => (ended = true));
  child.once("error", () => (ended = true));
  const end = Date.now() + LOGIN_TIMEOUT;
  for (;;) {
    if (ended || Date.now() > end) {
      child.kill();
      throw new Error(
        `ssh could not open the forwards to ${host}: ${said.trim() || "no login in time"}\n` +
          `Try \`ssh ${host} true\`: it must work without a question, the host key known.`,
      );
    }
    // One connection tells of all: ssh opens every forward before it goes on, or ends.
    if (ports.length === 0 || (await isOpen(ports[ports.length - 1]))) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/**
 * Forwards of ports that another machine's loopback has, through `ssh`, with the same options that
 * Docker is reached with. The host's key is checked, and nothing is ever asked.
 *
 * @throws {Error} if `ssh` cannot log in or cannot open a forward.
 */
export async function sshForwards(
  { sshDestination: url, sshOptions }: SshRemote,
  published: readonly string[],
): Promise<Forwards> {
  const ports = await freePorts(published.length);
  const destination = sshDestination(url);
  const child = spawn(
    "ssh",
    [
      ...["-N", "-o", "BatchMode=yes", "-o", "ExitOnForwardFailure=yes"],
      // The first value of an option counts, so no later one can turn the check off.
      ...["-o", "StrictHostKeyChecking=yes", "-o", "ServerAliveInterval=15"],
      ...sshOptions,
      ...published.flatMap((address, index) => {
        const { host, port } = splitHostPort(address);
        return ["-L", `127.0.0.1:${ports[index]}:${host}:${port}`];
      }),
      ...destination,
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const close = () => void child.kill();
  try {
    await listening(child, ports, destination[destination.length - 1]);
  } catch (error) {
    close();
    throw error;
  }
  return {
    local: new Map(published.map((address, index) => [address, `127.0.0.1:${ports[index]}`])),
    close,
  };
}
