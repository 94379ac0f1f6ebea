import type { StackConfig } from "../../config/parse";
import { SERVICES, type ImageUser, type ServiceName } from "../../config/services";
import { scrapedPort } from "../application/scraped-port";
import { GUARDED, listenersOf, type Listener } from "./listeners";

/** Networks: `backplane` joins the services, `intake` joins applications to what they may dial. */
export type Zone = "backplane" | "intake" | "legacy" | "egress";

/** A peer that is no service of the stack. */
export type Outsider =
  | "applications"
  | "legacy applications"
  | "operator"
  | "browser"
  | "S3"
  | "alert receivers"
  | "identity provider"
  | "database"
  | "extra receivers"
  | "scrape targets"
  | "annotated pods"
  | "cluster API";

/** One way on which data travels. */
export interface Connection {
  from: ServiceName | Outsider;
  to: ServiceName | Outsider;
  /** Listener of `to`, where that is a service. */
  listener?: string;
  carries: string;
  /** Whether the stack with this configuration has it. Default: yes. */
  when?: (config: StackConfig) => boolean;
}

/**
 * Whether the collector has two tiers: a gateway that takes data in and keeps none, and behind it
 * collectors, to each of which it hands whole traces.
 */
export const hasTwoTiers = ({ replicas }: StackConfig): boolean => replicas.collector > 1;

/** The service that takes what applications send to the name `collector`. */
export const intakeOf = (config: StackConfig): "collector" | "collector-gateway" =>
  hasTwoTiers(config) ? "collector-gateway" : "collector";

/** Whether a service runs in the stack with this configuration. */
export function isEnabled(config: StackConfig, service: ServiceName): boolean {
  switch (service) {
    case "grafana":
    case "jaeger":
    case "qdrant":
    case "alertmanager":
      return config[service].enabled;
    case "log-agent":
      return config.containerLogs.enabled;
    case "collector-gateway":
      return hasTwoTiers(config);
    case "tempo":
    case "collector":
    case "prometheus":
    case "loki":
      return true;
  }
}

/** The services that run, in the order of the list. */
export function enabledServices(config: StackConfig): ServiceName[] {
  return SERVICES.filter((service) => isEnabled(config, service));
}

/** Whose images the stack with this configuration runs. Tempo and Prometheus are never without a guard. */
export const usedImages = (config: StackConfig): ImageUser[] => [
  ...enabledServices(config),
  GUARDED,
];

const ofOneTier = (config: StackConfig) => !hasTwoTiers(config);

const findsPods = ({ kubernetes }: StackConfig) => kubernetes.podMetrics.namespaces.length > 0;

const knowsPods = ({ kubernetes }: StackConfig) => kubernetes.attributes.namespaces.length > 0;

/** Who talks to whom: endpoints, certificates, networks and the TLS audit follow from it. */
export const CONNECTIONS: readonly Connection[] = [
  {
    from: "applications",
    to: "collector",
    listener: "otlpGrpc",
    carries: "OTLP",
    when: ofOneTier,
  },
  {
    from: "applications",
    to: "collector",
    listener: "otlpHttp",
    carries: "OTLP",
    when: ofOneTier,
  },
  { from: "applications", to: "collector-gateway", listener: "otlpGrpc", carries: "OTLP" },
  { from: "applications", to: "collector-gateway", listener: "otlpHttp", carries: "OTLP" },
  {
    from: "collector-gateway",
    to: "collector",
    listener: "handover",
    carries: "OTLP, each trace to one replica; its own metrics",
  },
  {
    from: "collector",
    to: "cluster API",
    carries: "which pods there are",
    when: (config) => knowsPods(config) && ofOneTier(config),
  },
  {
    from: "collector-gateway",
    to: "cluster API",
    carries: "which pods there are",
    when: knowsPods,
  },
  { from: "applications", to: "qdrant", listener: "rest", carries: "vectors, with an API key" },
  {
    from: "legacy applications",
    to: "collector",
    listener: "plaintextGrpc",
    carries: "OTLP",
    when: ({ intake }) => intake.plaintext.enabled,
  },
  {
    from: "legacy applications",
    to: "collector",
    listener: "plaintextHttp",
    carries: "OTLP",
    when: ({ intake }) => intake.plaintext.enabled,
  },
  {
    from: "legacy applications",
    to: "collector",
    listener: "jaegerGrpc",
    carries: "Jaeger",
    when: ({ intake }) => intake.jaeger.enabled,
  },
  {
    from: "legacy applications",
    to: "collector",
    listener: "jaegerThriftHttp",
    carries: "Jaeger",
    when: ({ intake }) => intake.jaeger.enabled,
  },
  {
    from: "legacy applications",
    to: "collector",
    listener: "zipkin",
    carries: "Zipkin",
    when: ({ intake }) => intake.zipkin.enabled,
  },
  { from: "collector", to: "tempo", listener: GUARDED, carries: "traces (primary)" },
  { from: "tempo", to: "tempo", listener: "otlpGrpc", carries: "what its guard lets through" },
  { from: "collector", to: "loki", listener: "http", carries: "logs (primary)" },
  {
    from: "collector",
    to: "prometheus",
    listener: GUARDED,
    carries: "metrics (primary), its own included",
  },
  { from: "collector", to: "jaeger", listener: "otlpGrpc", carries: "traces (copy)" },
  {
    from: "collector",
    to: "extra receivers",
    carries: "copies",
    when: (config) => config.extraReceivers.length > 0,
  },
  { from: "jaeger", to: "prometheus", listener: "http", carries: "its own metrics" },
  {
    from: "log-agent",
    to: "collector",
    listener: "otlpGrpc",
    carries: "the containers' logs and its own metrics",
    when: ofOneTier,
  },
  {
    from: "log-agent",
    to: "collector-gateway",
    listener: "otlpGrpc",
    carries: "the containers' logs and its own metrics",
  },
  { from: "tempo", to: "tempo", listener: "grpc", carries: "queries and jobs" },
  {
    from: "tempo",
    to: "S3",
    carries: "blocks",
    when: (config) => config.storage.tempo.kind === "s3",
  },
  { from: "loki", to: "loki", listener: "grpc", carries: "queries and jobs" },
  {
    from: "loki",
    to: "S3",
    carries: "chunks and index",
    when: (config) => config.storage.loki.kind === "s3",
  },
  { from: "prometheus", to: "tempo", listener: "http", carries: "scrapes" },
  { from: "prometheus", to: "loki", listener: "http", carries: "scrapes" },
  { from: "prometheus", to: "grafana", listener: "https", carries: "scrapes" },
  {
    from: "qdrant",
    to: "qdrant",
    listener: "p2p",
    carries: "consensus, reads and writes of other peers' shards, with the API key",
    when: ({ replicas }) => replicas.qdrant > 1,
  },
  {
    from: "qdrant",
    to: "qdrant",
    listener: "rest",
    carries: "snapshots of shards for a peer that is behind, with the API key",
    when: ({ replicas }) => replicas.qdrant > 1,
  },
  {
    from: "prometheus",
    to: "qdrant",
    listener: "rest",
    carries: "scrapes, with the read-only key",
  },
  { from: "prometheus", to: "alertmanager", listener: "http", carries: "alerts and scrapes" },
  {
    from: "alertmanager",
    to: "alertmanager",
    listener: "gossip",
    carries: "silences, and what was delivered",
    when: ({ replicas }) => replicas.alertmanager > 1,
  },
  {
    from: "prometheus",
    to: "prometheus",
    listener: "http",
    carries: "scrapes, and what its guard lets through",
  },
  {
    from: "prometheus",
    to: "scrape targets",
    carries: "scrapes",
    when: (config) =>
      config.scrapeTargets.length > 0 ||
      config.apps.some((app) => app.scrape !== undefined && scrapedPort(app) === undefined),
  },
  {
    from: "prometheus",
    to: "applications",
    carries: "scrapes",
    when: (config) => config.apps.some((app) => scrapedPort(app) !== undefined),
  },
  { from: "prometheus", to: "annotated pods", carries: "scrapes", when: findsPods },
  { from: "prometheus", to: "cluster API", carries: "which pods there are", when: findsPods },
  {
    from: "alertmanager",
    to: "alert receivers",
    carries: "alerts",
    when: ({ alerts }) => alerts.receivers.length > 0 || alerts.deadMansSwitch !== undefined,
  },
  { from: "grafana", to: "tempo", listener: "http", carries: "queries" },
  { from: "grafana", to: "prometheus", listener: "http", carries: "queries" },
  { from: "grafana", to: "loki", listener: "http", carries: "queries" },
  { from: "grafana", to: "jaeger", listener: "http", carries: "queries" },
  { from: "grafana", to: "alertmanager", listener: "http", carries: "alerts" },
  {
    from: "grafana",
    to: "identity provider",
    carries: "logins",
    when: (config) => config.grafana.oidc !== undefined,
  },
  {
    from: "grafana",
    to: "database",
    carries: "users, sessions and what people make",
    when: (config) => config.grafana.database !== undefined,
  },
  { from: "browser", to: "grafana", listener: "https", carries: "pages" },
  { from: "operator", to: "prometheus", listener: "http", carries: "queries" },
  { from: "operator", to: "alertmanager", listener: "http", carries: "queries" },
  { from: "operator", to: "jaeger", listener: "http", carries: "queries" },
  { from: "operator", to: "tempo", listener: "http", carries: "queries" },
  { from: "operator", to: "loki", listener: "http", carries: "queries" },
];

const isService = (peer: ServiceName | Outsider): peer is ServiceName =>
  (SERVICES as readonly string[]).includes(peer);

/** The connections that the stack with this configuration has. */
export function activeConnections(config: StackConfig): Connection[] {
  return CONNECTIONS.filter(({ from, to, when }) => {
    const ends = [from, to].filter(isService);
    return ends.every((service) => isEnabled(config, service)) && (when?.(config) ?? true);
  });
}

/** Services of the stack that `service` dials, itself left out. */
export function dialledBy(config: StackConfig, service: ServiceName): ServiceName[] {
  const peers = activeConnections(config)
    .filter(({ from, to }) => from === service && to !== service)
    .map(({ to }) => to)
    .filter(isService);
  return SERVICES.filter((name) => peers.includes(name));
}

/** Networks of a service: who dials it and whom it dials decides. */
export function zonesOf(config: StackConfig, service: ServiceName): Zone[] {
  const zones = new Set<Zone>(["backplane"]);
  for (const { from, to } of activeConnections(config)) {
    if (to === service && from === "applications") zones.add("intake");
    if (from === service && to === "applications") zones.add("intake");
    if (to === service && from === "legacy applications") zones.add("legacy");
    if (from === service && !isService(to) && to !== "applications") zones.add("egress");
  }
  return [...zones];
}

/** Listeners that are open with this configuration: all but those whose connections it has not. */
export function openListeners(config: StackConfig, service: ServiceName): Record<string, Listener> {
  const leadsTo = (connections: readonly Connection[], name: string) =>
    connections.some(({ to, listener }) => to === service && listener === name);
  const active = activeConnections(config);
  return Object.fromEntries(
    Object.entries(listenersOf(service)).filter(
      ([name]) => leadsTo(active, name) || !leadsTo(CONNECTIONS, name),
    ),
  );
}
