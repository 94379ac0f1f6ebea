import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import type { ApiServer } from "./api-server";

/** An account of a cluster, as a pod finds it. */
export interface PodAccount {
  /** Directory of its token and of the API's CA. */
  directory: string;
  /** Port of the API on loopback. */
  port: number;
}

/** Asks the API for an account's token, as the kubelet does, and writes it for a process. */
export async function podAccount(
  api: ApiServer,
  namespace: string,
  name: string,
): Promise<PodAccount> {
  const directory = api.at(`account-${name}`);
  await mkdir(directory, { recursive: true });
  await writeFile(`${directory}/token`, await tokenOf(api, namespace, name), { mode: 0o600 });
  await writeFile(`${directory}/ca.crt`, api.certificate);
  return { directory, port: api.port };
}

/** A token of an account. @throws with the API's answer where it gives none. */
export async function tokenOf(api: ApiServer, namespace: string, name: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
  const { status, body } = await api.ask(path, "POST", JSON.stringify(request), "application/json");
  if (status !== 201) throw new Error(`no token for ${name}: ${body}`);
  return (JSON.parse(body) as { status: { token: string } }).status.token;
}

/** Variables by which a pod knows where the API is. */
export const clusterVariables = ({ port }: PodAccount): Record<string, string> => ({
  KUBERNETES_SERVICE_HOST: "127.0.0.1",
  KUBERNETES_SERVICE_PORT: String(port),
});

/**
 * A command in a mount namespace of its own, in which the account's files are where a pod has them.
 * The process keeps its id.
 */
export const withAccount = (
  { directory }: Pick<PodAccount, "directory">,
  command: readonly string[],
): string[] => [
  "unshare",
  "--mount",
  "--map-root-user",
  "sh",
  "-c",
  'mount -t tmpfs tmpfs /var/run && mkdir -p /var/run/secrets/kubernetes.io && ln -s "$0" /var/run/secrets/kubernetes.io/serviceaccount && exec "$@"',
  directory,
  ...command,
];

/** What keeps this machine from it; empty where nothing does. */
export function lackingForAccounts(): string[] {
  try {
    const [program, ...args] = withAccount({ directory: "/" }, ["true"]);
    execFileSync(program, args, { stdio: "ignore" });
    return [];
  } catch {
    return ["no mount namespace of its own (unshare --mount --map-root-user)"];
  }
}
