import { stringify } from "yaml";
import type { StackConfig } from "../../config/parse";
import type { Layout } from "../../targets/layout";
import type { ConfigFile } from "../../targets/workload";
import { clientTls, serverTls } from "../prometheus/http-tls";
import { replicasOf, type ServiceContext } from "../service";

/** Whether several Alertmanagers agree on silences and on what was delivered. */
export const hasPeers = ({ replicas }: StackConfig): boolean => replicas.alertmanager > 1;

const gossipFile = (layout: Layout) => `${layout.config}/gossip.yml`;

/**
 * TLS of the gossip, all of which goes over TCP with it. Peers dial addresses that they heard from
 * each other: each is asked for the service's name, whatever its own is.
 */
export function gossipFiles({ config, layout }: ServiceContext): ConfigFile[] {
  if (!hasPeers(config)) return [];
  const content = stringify({
    tls_server_config: serverTls(layout),
    tls_client_config: clientTls(layout, "alertmanager"),
  });
  return [{ path: gossipFile(layout), content }];
}

export function gossipArguments(context: ServiceContext): string[] {
  const { config, layout } = context;
  // One instance: no gossip, and no port for it.
  if (!hasPeers(config)) return ["--cluster.listen-address="];
  return [
    `--cluster.listen-address=${layout.bind}:${layout.listen("gossip")}`,
    // Its own guess wants a private address, which a cluster's need not be; it takes no name.
    `--cluster.advertise-address=${layout.selfAddress("gossip")}`,
    ...replicasOf(context, "alertmanager", "gossip").map((peer) => `--cluster.peer=${peer}`),
    `--cluster.tls-config=${gossipFile(layout)}`,
  ];
}
