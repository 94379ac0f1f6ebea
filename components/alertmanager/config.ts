import { stringify } from "yaml";
import type { StackConfig } from "../../config/parse";
import type { Layout } from "../../targets/layout";
import type { ConfigFile, Workload } from "../../targets/workload";
import { clientDocument, webDocument } from "../prometheus/http-tls";
import { publicUrl } from "../public-url";
import { serviceWorkload, type ServiceContext } from "../service";
import { SPAN_LABELS } from "../prometheus/metric-names";

const webhookUrlFile = (layout: Layout) => `${layout.secrets}/webhook-url`;
const webhookCaFile = (layout: Layout) => `${layout.config}/webhook-ca.crt`;

function receiver({ alerts }: StackConfig, layout: Layout) {
  // Without a webhook alerts are still grouped, silenced and shown.
  if (alerts.webhook === undefined) return { name: "nobody" };
  return {
    name: "webhook",
    webhook_configs: [
      {
        url_file: webhookUrlFile(layout),
        send_resolved: true,
        ...(alerts.webhook.ca !== undefined && {
          http_config: { tls_config: { ca_file: webhookCaFile(layout), min_version: "TLS12" } },
        }),
      },
    ],
  };
}

function mainDocument({ config, layout }: ServiceContext): string {
  const to = receiver(config, layout);
  return stringify({
    route: {
      receiver: to.name,
      group_by: ["alertname", "job", SPAN_LABELS.service],
      group_wait: "15s",
      group_interval: "2m",
      repeat_interval: "4h",
    },
    receivers: [to],
  });
}

/** The files of Alertmanager; the webhook's address is a secret file of its own. */
export function alertmanagerDocuments(context: ServiceContext): ConfigFile[] {
  const { config, layout } = context;
  const ca = config.alerts.webhook?.ca;
  const file = (path: string, content: string) => ({ path: `${layout.config}/${path}`, content });
  return [
    file("alertmanager.yml", mainDocument(context)),
    file("web.yml", webDocument(layout)),
    file("client.yml", clientDocument(layout, "alertmanager")),
    ...(ca === undefined ? [] : [{ path: webhookCaFile(layout), content: ca }]),
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
      // One instance: no gossip, and no port for it.
      "--cluster.listen-address=",
    ],
    files: alertmanagerDocuments(context),
    secretFiles:
      config.alerts.webhook === undefined
        ? []
        : [{ path: webhookUrlFile(layout), secrets: ["alertWebhookUrl"], render: ([url]) => url }],
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
    stopGrace: 30,
    reload: "watch",
  });
}
