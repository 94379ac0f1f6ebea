import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServiceName } from "../../config/services";
import { replicaAddress } from "./replicas";

/** Name with an address of each replica, for who looks into the hosts file. */
export const headlessName = (service: ServiceName): string => `${service}-headless`;

const hostsFile = (directory: string) => join(directory, "hosts");

/**
 * Says in the hosts file of a directory which replicas a service's name leads to. Processes that
 * were started with it see the change at once; Go's resolver looks every 5 s.
 */
export async function nameReplicas(
  directory: string,
  service: ServiceName,
  replicas: readonly number[],
): Promise<void> {
  const lines = replicas.map((index) => `${replicaAddress(index)} ${headlessName(service)}`);
  // In place: the file is mounted, not its directory.
  await writeFile(hostsFile(directory), ["127.0.0.1 localhost", ...lines, ""].join("\n"));
}

/**
 * A command in a mount namespace of its own, in which `/etc/hosts` is that of the directory. The
 * process keeps its id.
 */
export const withHosts = (directory: string, command: readonly string[]): string[] => [
  "unshare",
  "--mount",
  "--map-root-user",
  "sh",
  "-c",
  'mount --bind "$0" /etc/hosts && exec "$@"',
  hostsFile(directory),
  ...command,
];

/** What keeps this machine from it; empty where nothing does. */
export async function lackingForHosts(): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), "tracekeep-hosts-"));
  try {
    await nameReplicas(directory, "collector", []);
    const [program, ...args] = withHosts(directory, ["true"]);
    execFileSync(program, args, { stdio: "ignore" });
    return [];
  } catch {
    return ["no mount namespace of its own (unshare --mount --map-root-user)"];
  } finally {
    rmSync(directory, { recursive: true });
  }
}
