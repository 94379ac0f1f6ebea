import type { StackConfig } from "../../config/parse";
import type { Layout } from "../../targets/layout";
import type { ServiceContext } from "../service";

/** Whether Qdrant runs as several peers that share collections. */
export const isCluster = ({ replicas }: StackConfig): boolean => replicas.qdrant > 1;

/**
 * What a collection gets that does not say otherwise: every shard on two peers, so that none is lost
 * with one of them.
 */
export const NEW_COLLECTIONS = { replication_factor: 2, write_consistency_factor: 1 } as const;

export function clusterSettings(config: StackConfig, layout: Layout) {
  if (!isCluster(config)) return { enabled: false };
  return { enabled: true, p2p: { port: layout.listen("p2p"), enable_tls: true } };
}

/**
 * Arguments of every peer alike. The one whose own address is that of the first founds the cluster;
 * the others ask it to let them in (`resolve_bootstrap_uri` in src/main.rs of v1.19.0). A peer that
 * has been in the cluster needs neither.
 */
export function clusterArguments({ config, layout }: ServiceContext): string[] {
  if (!isCluster(config)) return [];
  const first = layout.replica("qdrant", 0, "p2p");
  return ["--uri", `https://${layout.self("p2p")}`, "--bootstrap", `https://${first}`];
}
