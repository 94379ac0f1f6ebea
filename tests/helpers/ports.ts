import { randomInt } from "node:crypto";
import { connect, createServer } from "node:net";

const taken = new Set<number>();

const [FIRST, LAST] = [15_000, 32_000];
/** Workers of one run of tests that choose at the same time, each among ports of its own. */
const WORKERS = 8;
const SHARE = Math.floor((LAST - FIRST) / WORKERS);
const start = FIRST + ((Number(process.env.JEST_WORKER_ID ?? 1) - 1) % WORKERS) * SHARE;

/** Whether a loopback port is free. */
export const canListen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });

/**
 * A free loopback port below the range that the system hands to outgoing connections, so that it
 * is still free when a server that was stopped takes it again.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const port = randomInt(start, start + SHARE);
    if (taken.has(port) || !(await canListen(port))) continue;
    taken.add(port);
    return port;
  }
  throw new Error(`found no free port from ${start} to ${start + SHARE} on 127.0.0.1`);
}

/** Whether something listens on a loopback port. */
export function isListening(port: number, host = "127.0.0.1"): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** Tries until `check` gives a value; @throws what it last said, after `timeout` milliseconds. */
export async function eventually<T>(
  check: () => Promise<T>,
  { timeout = 30_000, interval = 200 } = {},
): Promise<T> {
  const end = Date.now() + timeout;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, interval));
    }
  }
}
