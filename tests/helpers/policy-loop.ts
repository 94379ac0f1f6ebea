import { setTimeout as wait } from "node:timers/promises";
import type { Cluster } from "./cluster";
import type { Pod } from "./cluster-rollouts";
import type { Machine } from "./machine";
import { addressesOfPods, policyTable, type NetworkPolicy } from "./policy-filter";

interface Namespace {
  metadata: { name: string; labels: Record<string, string> };
}

/** Enforces a cluster's NetworkPolicies on a node, as a network plugin does: soon after each change. */
export class PolicyLoop {
  #ended = false;
  readonly #done: Promise<void>;
  #problem: Error | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly machine: Machine,
  ) {
    this.#done = this.#follow();
  }

  async #table(): Promise<string> {
    const { cluster } = this;
    const [policies, pods, namespaces] = await Promise.all([
      cluster.list<NetworkPolicy>("/apis/networking.k8s.io/v1/networkpolicies"),
      cluster.list<Pod & Parameters<typeof addressesOfPods>[0][number]>("/api/v1/pods"),
      cluster.list<Namespace>("/api/v1/namespaces"),
    ]);
    const labels = namespaces.map(({ metadata }) => [metadata.name, metadata.labels] as const);
    return policyTable(policies, addressesOfPods(pods), Object.fromEntries(labels));
  }

  async #follow(): Promise<void> {
    let known = "";
    while (!this.#ended) {
      try {
        const table = await this.#table();
        if (table !== known) this.machine.write(table, "nft", "-f", "-");
        known = table;
        this.#problem = undefined;
      } catch (error) {
        this.#problem = error as Error;
      }
      await wait(300);
    }
  }

  /** Ends it; what it enforced last stays. @throws what it could not do at last. */
  async stop(): Promise<void> {
    this.#ended = true;
    await this.#done;
    if (this.#problem !== undefined) throw this.#problem;
  }
}
