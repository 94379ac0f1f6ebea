import { kubernetesForwards } from "./kubernetes-forward";
import { sshForwards } from "./ssh-forward";
import type { Remote, VerificationTarget } from "./target";

export type SshRemote = Extract<Remote, { kind: "ssh" }>;
export type KubernetesRemote = Extract<Remote, { kind: "kubernetes" }>;

/** Ports of this machine that lead to what is published elsewhere. */
export interface Forwards {
  /** `host:port` here, by `host:port` there. */
  local: ReadonlyMap<string, string>;
  close: () => void;
}

const open = (remote: Remote, published: readonly string[]): Promise<Forwards> =>
  remote.kind === "ssh" ? sshForwards(remote, published) : kubernetesForwards(remote, published);

/**
 * Works on a target whose ports are not reached from here: they are forwarded while `work` runs.
 * Without `remote` the target is used as it is.
 *
 * @throws {Error} if a forward cannot be opened.
 */
export async function withForwards<T>(
  target: VerificationTarget,
  work: (reachable: VerificationTarget) => Promise<T>,
): Promise<T> {
  if (!target.remote) return work(target);
  const published = [...new Set(Object.values(target.endpoints).flatMap(Object.values<string>))];
  const { local, close } = await open(target.remote, published);
  const reachable = (listeners: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(
      Object.entries(listeners).map(([listener, address]) => [
        listener,
        local.get(address) ?? address,
      ]),
    );
  const endpoints = Object.fromEntries(
    Object.entries(target.endpoints).map(([service, listeners]) => [service, reachable(listeners)]),
  );
  try {
    return await work({ ...target, endpoints });
  } finally {
    close();
  }
}
