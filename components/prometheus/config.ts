import { stringify } from "yaml";
import type { StackConfig } from "../../config/parse";
import { goDuration, mebibytes } from "../../config/units";
import type { Layout } from "../../targets/layout";
import type { ConfigFile, Workload } from "../../targets/workload";
import { heartbeatSeconds } from "../alertmanager/dead-mans-switch";
import { CATCHING_UP, CLOCK_ERROR } from "../clocks";
import { publicUrl } from "../public-url";
import { replicasOf, serviceWorkload, type ServiceContext } from "../service";
import { guardOf } from "../guard/config";
import { isEnabled } from "../stack/connections";
import { stackRules } from "../stack/rules";
import { certificateEndsDocument } from "./certificate-ends";
import { clientDocument, clientTls, webDocument } from "./http-tls";
import { renderRuleFile } from "./rule-group";
import { qdrantKeyFile, scrapeJobs } from "./scrapes";

/** Resource attributes that become labels of every series that arrives over OTLP. */
const PROMOTED = [
  "service.name",
  "service.namespace",
  "service.instance.id",
  "service.version",
  "deployment.environment.name",
];

/** File with the ends of certificates, beside Prometheus' own. */
const certificateEndsFile = (layout: Layout) => `${layout.identity}/certificates.yml`;

function mainDocument(context: ServiceContext): string {
  const { config, layout } = context;
  const { time, size } = config.retention.metrics;
  return stringify(
    {
      global: {
        scrape_interval: goDuration(config.tuning.prometheus.scrapeInterval),
        evaluation_interval: goDuration(config.alerts.interval),
        scrape_native_histograms: true,
        // Rules and dashboards ask for `_bucket`, which native histograms alone do not have.
        always_scrape_classic_histograms: true,
      },
      rule_files: [`${layout.config}/rules/*.yml`, certificateEndsFile(layout)],
      ...(isEnabled(config, "alertmanager") && {
        alerting: {
          alertmanagers: [
            {
              scheme: "https",
              tls_config: clientTls(layout, "alertmanager"),
              static_configs: [{ targets: replicasOf(context, "alertmanager", "http") }],
            },
          ],
        },
      }),
      otlp: {
        // Names as PromQL has always had them: `_total`, `_seconds`, underscores.
        translation_strategy: "UnderscoreEscapingWithSuffixes",
        keep_identifying_resource_attributes: true,
        promote_resource_attributes: PROMOTED,
      },
      storage: {
        tsdb: {
          retention: { time: goDuration(time), size: `${mebibytes(size)}MB` },
          // What waited in a queue during an outage is older than what came after it, and older yet
          // if its sender's clock is slow.
          out_of_order_time_window: goDuration(config.capacity.outage + CATCHING_UP + CLOCK_ERROR),
        },
      },
      scrape_configs: scrapeJobs(context),
    },
    { aliasDuplicateObjects: false },
  );
}

/** The files of Prometheus: its configuration, both sides of TLS, and the rules of every service. */
export function prometheusDocuments(context: ServiceContext): ConfigFile[] {
  const { config, layout } = context;
  const file = (path: string, content: string) => ({ path: `${layout.config}/${path}`, content });
  return [
    file("prometheus.yml", mainDocument(context)),
    file("web.yml", webDocument(layout)),
    file("client.yml", clientDocument(layout, "prometheus")),
    ...stackRules(config).map(([service, groups]) =>
      file(`rules/${service}.yml`, renderRuleFile(groups, config.alerts.runbookUrl)),
    ),
  ];
}

/** Prometheus' own pause (seconds) before it sends a firing alert to Alertmanager again. */
const RESEND_DELAY = 60;

/** Where it looks for pods that ask to be scraped. */
function discovery({ kubernetes: { podMetrics } }: StackConfig): Pick<Workload, "readsPods"> {
  const namespaces = [...new Set(podMetrics.namespaces)];
  return namespaces.length === 0 ? {} : { readsPods: namespaces };
}

export function prometheusWorkload(context: ServiceContext): Workload {
  const { config, layout } = context;
  const port = layout.listen("http");
  const heartbeat = heartbeatSeconds(config);
  return serviceWorkload(context, "prometheus", {
    ...discovery(config),
    args: [
      `--config.file=${layout.config}/prometheus.yml`,
      // The ends of certificates change without a restart.
      "--config.auto-reload",
      `--web.config.file=${layout.config}/web.yml`,
      `--web.listen-address=${layout.bind}:${port}`,
      `--web.external-url=${publicUrl(config, "prometheus")}`,
      "--web.enable-otlp-receiver",
      // Without the second it refuses everybody's samples of a request in which one is a delta.
      "--enable-feature=exemplar-storage,otlp-deltatocumulative",
      `--storage.tsdb.path=${layout.data}`,
      ...(heartbeat === undefined
        ? []
        : [`--rules.alert.resend-delay=${goDuration(Math.min(RESEND_DELAY, heartbeat))}`]),
    ],
    configCheck: {
      entrypoint: ["/bin/promtool"],
      args: ["check", "config", `${layout.config}/prometheus.yml`],
    },
    files: prometheusDocuments(context),
    secretFiles: isEnabled(config, "qdrant")
      ? [
          {
            path: qdrantKeyFile(layout),
            secrets: ["qdrantReadOnlyKey"],
            render: ([key]) => key,
          },
        ]
      : [],
    storage: { path: layout.data, ownedByImage: true },
    // Its OTLP intake answers success whether it can write or not.
    beside: [guardOf(context, "prometheus", "http")],
    probe: {
      kind: "exec",
      command: [
        "/bin/promtool",
        "check",
        "ready",
        `--url=https://localhost:${port}`,
        `--http.config.file=${layout.config}/client.yml`,
      ],
    },
    stopGrace: 60,
    // Told to end it closes its log first and its intake last, and to what comes in between, which it
    // cannot write, it says that it has it. Killed it has all that it said so of.
    endsByKill: true,
    reload: "watch",
    liveFiles: [{ path: certificateEndsFile(layout), render: certificateEndsDocument }],
  });
}
