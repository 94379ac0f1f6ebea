import type { StackConfig } from "../../config/parse";
import type { ServiceName } from "../../config/services";
import { goDuration } from "../../config/units";
import type { Layout } from "../../targets/layout";
import { replicasOf, type ServiceContext } from "../service";
import { activeConnections } from "../stack/connections";
import { listenersOf } from "../stack/listeners";
import { clientTls } from "./http-tls";
import { ENVIRONMENT_LABEL } from "./metric-names";
import { podJobs } from "./pod-scrapes";

/** A scrape job in Prometheus' own words. */
export type ScrapeJob = Record<string, unknown> & { job_name: string };

/** File of the key with which Qdrant's metrics are read. */
export const qdrantKeyFile = (layout: Layout): string => `${layout.secrets}/qdrant-read-only-key`;

/** Targets whose series carry the environment, as everything does that comes over OTLP. */
const inEnvironment = (
  { environment }: StackConfig,
  targets: readonly string[],
  labels: Readonly<Record<string, string>> = {},
) => [{ targets, labels: { [ENVIRONMENT_LABEL]: environment, ...labels } }];

/** Whether replicas are found by their addresses: those of what keeps nothing have no names. */
export const foundByAddress = ({ replicas }: StackConfig, service: ServiceName): boolean =>
  service === "grafana" && replicas.grafana > 1;

/** Every replica of a service, by its name where it has one. All carry the service's name. */
function targetsOf(context: ServiceContext, service: ServiceName, listener: string) {
  const { config, layout } = context;
  if (!foundByAddress(config, service)) {
    return { static_configs: inEnvironment(config, replicasOf(context, service, listener)) };
  }
  const [host, port] = layout.replicas(service, listener).split(":");
  return {
    dns_sd_configs: [{ names: [host], type: "A", port: Number(port), refresh_interval: "15s" }],
    relabel_configs: [{ target_label: ENVIRONMENT_LABEL, replacement: config.environment }],
  };
}

function serviceJob(context: ServiceContext, service: ServiceName, listener: string): ScrapeJob {
  const { layout } = context;
  return {
    job_name: service,
    scheme: "https",
    tls_config: clientTls(layout, service),
    // Every path of Qdrant wants a key besides the certificate.
    ...(service === "qdrant" && {
      authorization: { type: "Bearer", credentials_file: qdrantKeyFile(layout) },
    }),
    ...targetsOf(context, service, listener),
  };
}

/** The services that the connection table says Prometheus scrapes. */
function serviceJobs(context: ServiceContext): ScrapeJob[] {
  const { config } = context;
  return activeConnections(config).flatMap(({ from, to, listener, carries }) => {
    const scraped = from === "prometheus" && listener !== undefined && carries.includes("scrapes");
    const service = to as ServiceName;
    return scraped && listener in listenersOf(service)
      ? [serviceJob(context, service, listener)]
      : [];
  });
}

function applicationJobs({ config, layout }: ServiceContext): ScrapeJob[] {
  return config.apps.flatMap(({ name, scrape }): ScrapeJob[] => {
    if (scrape === undefined) return [];
    const target = scrape.target ?? `${name}:${scrape.port}`;
    return [
      {
        job_name: name,
        metrics_path: scrape.path,
        // Its certificate carries the application's name, wherever it runs.
        ...(scrape.tls && { scheme: "https", tls_config: clientTls(layout, name) }),
        static_configs: inEnvironment(config, [target]),
      },
    ];
  });
}

function outsideJobs({ config, layout }: ServiceContext): ScrapeJob[] {
  return config.scrapeTargets.map(({ name, targets, path, tls, interval, labels }) => ({
    job_name: name,
    metrics_path: path,
    ...(interval !== undefined && { scrape_interval: goDuration(interval) }),
    ...(tls && { scheme: "https", tls_config: clientTls(layout) }),
    // A label of the options may say otherwise.
    static_configs: inEnvironment(config, targets, labels),
  }));
}

/** Every scrape job: the stack's services, its applications, the targets outside, and pods that ask. */
export function scrapeJobs(context: ServiceContext): ScrapeJob[] {
  return [
    ...serviceJobs(context),
    ...applicationJobs(context),
    ...outsideJobs(context),
    ...podJobs(context),
  ];
}
