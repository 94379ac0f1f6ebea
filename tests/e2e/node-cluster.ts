import { Cluster } from "../helpers/cluster";
import { dnsObjects } from "../helpers/cluster-dns";
import { RealNode } from "../helpers/node";
import { nodeImages } from "./images";

/** A cluster of one node, whose pods run. */
export interface NodeCluster {
  node: RealNode;
  cluster: Cluster;
  stop: () => Promise<void>;
}

/**
 * Starts a cluster of one node, with a name server and volumes for a stack.
 *
 * @param directory of its own, that is there.
 * @param images that the node has, besides its own.
 */
export async function startNodeCluster(
  directory: string,
  images: Iterable<string>,
): Promise<NodeCluster> {
  const { pause, coredns } = nodeImages();
  const node = await RealNode.start(directory);
  let cluster: Cluster | undefined;
  const stop = async () => {
    await node.stop();
    await cluster?.stop();
  };
  try {
    cluster = await Cluster.startBare(node.machine.hostAddress);
    await node.join(cluster, { pause, images: [coredns, ...new Set(images)] });
    await cluster.apply(dnsObjects(coredns));
    await node.offerVolumes(cluster, 8);
    return { node, cluster, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
