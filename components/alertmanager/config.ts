import { stringify } from "yaml";
import { REPLICA } from "../../targets/layout";
import type { ConfigFile, Workload } from "../../targets/workload";
import { clientDocument, webDocument } from "../prometheus/http-tls";
import { publicUrl } from "../public-url";
import { serviceWorkload, type ServiceContext } from "../service";
import { gossipArguments, gossipFiles, hasPeers } from "./gossip";
import { inhibitions } from "./inhibition";
import { receiverFiles, receiverList, receiverSecrets } from "./receivers";
import { routingTree } from "./routing";

function mainDocument({ config, layout }: ServiceContext): string {
  return stringify(
    {
      route: routingTree(config),
      inhibit_rules: inhibitions(config),
      receivers: receiverList(config, layout),
    },
    { aliasDuplicateObjects: false },
  );
}

/** The files of Alertmanager; the addresses of receivers are secret files of their own. */
export function alertmanagerDocuments(context: ServiceContext): ConfigFile[] {
  const { config, layout } = context;
  const file = (path: string, content: string) => ({ path: `${layout.config}/${path}`, content });
  return [
    file("alertmanager.yml", mainDocument(context)),
    file("web.yml", webDocument(layout)),
    file("client.yml", clientDocument(layout, "alertmanager")),
    ...gossipFiles(context),
    ...receiverFiles(config, layout),
  ];
}

export function alertmanagerWorkload(context: ServiceContext): Workload {
  const { config, layout } = context;
  const port = layout.listen("http");
  return serviceWorkload(context, "alertmanager", {
    args: [
      `--config.file=${layout.config}/alertmanager.yml`,
      `--web.config.file=${layout.config}/web.yml`,
      `--web.listen-address=${layout.bind}:${port}`,
      `--web.external-url=${publicUrl(config, "alertmanager")}`,
      `--storage.path=${layout.data}`,
      ...gossipArguments(context),
      // Its own metrics say which receiver a delivery failed to.
      "--enable-feature=receiver-name-in-metrics",
    ],
    configCheck: {
      entrypoint: ["/bin/amtool"],
      args: ["check-config", `${layout.config}/alertmanager.yml`],
    },
    files: alertmanagerDocuments(context),
    secretFiles: receiverSecrets(config, layout),
    storage: { path: layout.data, ownedByImage: true },
    probe: {
      kind: "exec",
      command: [
        "/bin/amtool",
        `--alertmanager.url=https://localhost:${port}`,
        `--http.config.file=${layout.config}/client.yml`,
        "--timeout=5s",
        "cluster",
        "show",
      ],
    },
    ...(hasPeers(config) && { replicaAddressVariable: REPLICA.address }),
    stopGrace: 30,
    reload: "watch",
  });
}
