import * as fs from "node:fs";
import Docker from "dockerode";
import type { StackConfig } from "../config/parse";
import { parseSshHost, SshAgent } from "./ssh-agent";

type DockerOptions = StackConfig["docker"];

/** A client of the configured Docker host; the ambient `DOCKER_HOST` has no say. */
export interface DockerHost {
  docker: Docker;
  /** What stands behind a refused connection, if the way there said something. */
  complaint(): Promise<string>;
}

const silent = () => Promise.resolve("");

/**
 * Opens no connection yet.
 *
 * @param timeout milliseconds that an answer may take.
 */
export function dockerHost({ host, sshOptions, tls }: DockerOptions, timeout = 20_000): DockerHost {
  if (host.startsWith("unix://")) {
    const socketPath = host.slice("unix://".length);
    return { docker: new Docker({ socketPath, timeout }), complaint: silent };
  }
  if (host.startsWith("ssh://")) {
    const agent = new SshAgent(parseSshHost(host, sshOptions));
    // The agent finds the way; address and port only fill the request's Host header.
    const options = { protocol: "http", host: "docker", port: 80, agent, timeout } as const;
    return { docker: new Docker(options), complaint: () => agent.complaint() };
  }
  const { hostname, port } = new URL(host);
  return {
    docker: new Docker({
      protocol: "https",
      host: hostname,
      port,
      timeout,
      ...(tls && {
        ca: fs.readFileSync(tls.caFile, "utf8"),
        cert: fs.readFileSync(tls.certFile, "utf8"),
        key: fs.readFileSync(tls.keyFile, "utf8"),
      }),
    }),
    complaint: silent,
  };
}

/** By the error's code: why a local daemon does not answer, and what to do. */
const ADVICE: Record<string, [why: string, what: string] | undefined> = {
  ENOENT: [
    "there is no such socket",
    "Start Docker (`sudo systemctl start docker`), or install it: https://docs.docker.com/engine/install/.",
  ],
  EACCES: [
    "your user may not open the socket",
    "Let it: `sudo usermod -aG docker $USER`, then log in again.",
  ],
  ECONNREFUSED: ["nobody listens there", "Start Docker: `sudo systemctl start docker`."],
};

/** Why a daemon does not answer, and what to do. */
function advice(
  host: string,
  { code, message, path }: NodeJS.ErrnoException,
  complaint: string,
): [why: string, what: string] {
  if (host.startsWith("ssh://")) {
    return [
      complaint || message,
      "Try `ssh` to that host by hand, with the options of docker.sshOptions; its user must be allowed to run `docker version` there.",
    ];
  }
  if (host.startsWith("tcp://")) {
    return path === undefined
      ? [message, "Look at the daemon there, and at the certificates of docker.tls."]
      : [`${path} cannot be read (${code})`, "Name the files in docker.tls that there are."];
  }
  return ADVICE[code ?? ""] ?? [code ?? message, "Look at the daemon: `systemctl status docker`."];
}

/**
 * Makes sure that the Docker host answers.
 *
 * @throws {Error} that says in one sentence that it does not, and what to do.
 */
export async function checkDocker(stack: string, options: DockerOptions): Promise<DockerHost> {
  let host: DockerHost | undefined;
  try {
    host = dockerHost(options);
    await host.docker.version();
    return host;
  } catch (error) {
    const complaint = (await host?.complaint()) ?? "";
    const [why, what] = advice(options.host, error as NodeJS.ErrnoException, complaint);
    throw new Error(
      `Docker does not answer at ${options.host}: ${why}. Nothing was changed.\n` +
        `${what}\n` +
        "Another Docker host is named by tracekeep:docker.host in the stack's file.\n" +
        `Without Docker you can see what would run: npm run render -- --stack ${stack}`,
    );
  }
}
