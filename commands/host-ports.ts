import * as net from "node:net";
import type Docker from "dockerode";
import { publishedPorts } from "../config/checks";
import type { StackConfig } from "../config/parse";

/** A container that publishes a port of the host. */
export interface Holder {
  /** Its name, without the slash. */
  container: string;
  /** The stack that it belongs to, if to one of ours. */
  stack?: string;
  bind: string;
  port: number;
}

const EVERYWHERE = ["0.0.0.0", "::", ""];

/** Who publishes what, of the containers that run. */
export function holdersOf(containers: readonly Docker.ContainerInfo[]): Holder[] {
  return containers.flatMap(({ Names, Labels, Ports }) =>
    Ports.filter(({ PublicPort, Type }) => PublicPort > 0 && Type === "tcp").map(
      ({ IP, PublicPort }) => ({
        container: (Names[0] ?? "").replace(/^\//, ""),
        stack: (Labels as Record<string, string> | undefined)?.["tracekeep.stack"],
        bind: IP ?? "",
        port: PublicPort,
      }),
    ),
  );
}

const overlap = (a: string, b: string) =>
  a === b || EVERYWHERE.includes(a) || EVERYWHERE.includes(b);

/** Why this process cannot listen there; undefined if it can. */
function listenError(bind: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code));
    server.listen({ host: bind, port, exclusive: true }, () =>
      server.close(() => resolve(undefined)),
    );
  });
}

/**
 * Lines about ports of the host that the stack wants and something that is not its own has.
 *
 * @param local whether the Docker host is this machine, so that other programs' ports show as well.
 */
export async function takenPorts(
  config: StackConfig,
  holders: readonly Holder[],
  local: boolean,
): Promise<string[]> {
  const lines: string[] = [];
  for (const { path, owner, bind, port } of publishedPorts(config)) {
    const there = holders.filter((one) => one.port === port && overlap(one.bind, bind));
    const other = there.find(({ stack }) => stack !== config.stack);
    if (other) {
      lines.push(
        `${bind}:${port} (${path}, for ${owner}) is held by container "${other.container}"${
          other.stack === undefined ? "" : ` of stack "${other.stack}"`
        }.`,
      );
      continue;
    }
    if (!local || there.length > 0) continue;
    const code = await listenError(bind, port);
    if (code === "EADDRINUSE") {
      lines.push(
        `${bind}:${port} (${path}, for ${owner}) is held by another program; see who: ss -ltnp 'sport = :${port}'`,
      );
    } else if (code === "EADDRNOTAVAIL") {
      lines.push(`${bind} (${path}, for ${owner}) is no address of this host.`);
    }
  }
  return lines;
}

/**
 * Makes sure that every port that the stack publishes is free or its own.
 *
 * @throws {Error} that names each port, who wants it and who has it.
 */
export async function checkPorts(config: StackConfig, docker: Docker): Promise<void> {
  const local = config.docker.host.startsWith("unix://");
  const holders = holdersOf(await docker.listContainers());
  const lines = await takenPorts(config, holders, local);
  if (lines.length === 0) return;
  throw new Error(
    `The Docker host has no room for ${lines.length === 1 ? "a port" : "ports"} of stack "${config.stack}"; nothing was changed.\n` +
      `${lines.map((line) => `  ${line}`).join("\n")}\n` +
      `End what holds it, or give the option another port in Pulumi.${config.stack}.yaml; portOffset moves them all.`,
  );
}
