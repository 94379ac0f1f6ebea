import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cluster } from "../helpers/cluster";
import { dnsObjects } from "../helpers/cluster-dns";
import { RealNode } from "../helpers/node";
import { nodeImages } from "./images";
import { TestStack } from "./stack";

/** A cluster of one node, whose pods run, and a stack for it. */
export class NodeCluster {
  readonly stack = new TestStack({ target: "kubernetes" });
  /** The stack's namespace. */
  readonly place = `tracekeep-${this.stack.name}`;
  readonly #directory = mkdtempSync(join(tmpdir(), "tracekeep-node-"));
  #node: RealNode | undefined;
  #cluster: Cluster | undefined;

  /**
   * Starts it, with a name server and volumes for the stack. `stop` must follow.
   *
   * @param images that the node has, besides its own.
   */
  async start(images: Iterable<string>): Promise<{ node: RealNode; cluster: Cluster }> {
    const { pause, coredns } = nodeImages();
    const node = (this.#node = await RealNode.start(this.#directory));
    const cluster = (this.#cluster = await Cluster.startBare(node.machine.hostAddress));
    await node.join(cluster, { pause, images: [coredns, ...new Set(images)] });
    await cluster.apply(dnsObjects(coredns));
    await node.offerVolumes(cluster, 8);
    return { node, cluster };
  }

  async stop(): Promise<void> {
    await this.#node?.stop();
    await this.#cluster?.stop();
    for (const directory of [this.stack.home, this.#directory]) {
      rmSync(directory, { recursive: true, force: true });
    }
  }
}
