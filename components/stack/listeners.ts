import type { ServiceName } from "../../config/services";

/** The two kinds of client certificate, by the issuer that signed it. */
export type Issuer = "services" | "applications";

export interface Listener {
  port: number;
  /** `gossip`: what Alertmanagers say to each other, over TCP. */
  protocol: "grpc" | "http" | "gossip";
  /**
   * `mtls`: server certificate under the root, client certificate of an accepted issuer demanded.
   * `tls`: no client certificate. `plaintext`: neither.
   */
  security: "mtls" | "tls" | "plaintext";
  /** Issuers whose certificates open it; empty without mTLS. */
  accepts: readonly Issuer[];
  /** `network`: on the container's address; `loopback`: inside the container alone. */
  reach: "network" | "loopback";
  /** Why it is not mTLS. */
  exception?: string;
}

const mtls = (port: number, protocol: Listener["protocol"], ...accepts: Issuer[]): Listener => ({
  port,
  protocol,
  security: "mtls",
  accepts,
  reach: "network",
});

const plaintext = (
  port: number,
  protocol: Listener["protocol"],
  reach: Listener["reach"],
  exception: string,
): Listener => ({ port, protocol, security: "plaintext", accepts: [], reach, exception });

const probe = (port: number) =>
  plaintext(
    port,
    "http",
    "loopback",
    "health probe inside the container; the image has no client that can present a certificate",
  );

const ownMetrics = (port: number) =>
  plaintext(
    port,
    "http",
    "loopback",
    "its own metrics on their way to its own exporter: what collects them reads a certificate once, the exporter takes a renewed one",
  );

const legacy = (port: number, protocol: Listener["protocol"]) =>
  plaintext(
    port,
    protocol,
    "network",
    "intake of clients without TLS, off by default, published on the host's loopback only",
  );

/** Name of the listener that a guard opens in a store's place: what passes it is the store's own TLS. */
export const GUARDED = "guard";

/** Every listener of every service. Port numbers are those inside the container. */
export const LISTENERS = {
  tempo: {
    http: mtls(3200, "http", "services"),
    grpc: mtls(9095, "grpc", "services"),
    otlpGrpc: mtls(4317, "grpc", "services"),
    [GUARDED]: mtls(4327, "grpc", "services"),
    health: probe(3101),
  },
  collector: {
    otlpGrpc: mtls(4317, "grpc", "services", "applications"),
    otlpHttp: mtls(4318, "http", "services", "applications"),
    health: probe(13133),
    metrics: ownMetrics(4319),
    // Of two tiers the second: it takes what the gateway hands on, and from nobody else.
    handover: mtls(4316, "grpc", "services"),
    plaintextGrpc: legacy(14317, "grpc"),
    plaintextHttp: legacy(14318, "http"),
    jaegerGrpc: legacy(14250, "grpc"),
    jaegerThriftHttp: legacy(14268, "http"),
    zipkin: legacy(9411, "http"),
  },
  prometheus: {
    http: mtls(9090, "http", "services"),
    [GUARDED]: mtls(9099, "http", "services"),
  },
  loki: {
    http: mtls(3100, "http", "services"),
    grpc: mtls(9095, "grpc", "services"),
    health: probe(3101),
  },
  grafana: {
    https: {
      port: 3000,
      protocol: "http",
      security: "tls",
      accepts: [],
      reach: "network",
      exception:
        "browsers log in with a password or through OIDC; Grafana cannot demand client certificates",
    },
  },
  jaeger: {
    otlpGrpc: mtls(4317, "grpc", "services"),
    http: mtls(16686, "http", "services"),
    grpc: mtls(16685, "grpc", "services"),
    health: probe(13133),
    metrics: ownMetrics(4318),
  },
  qdrant: {
    rest: mtls(6333, "http", "services", "applications"),
    // Qdrant has one client CA for both: what else keeps applications out stands in docs/security.md.
    p2p: mtls(6335, "grpc", "services", "applications"),
  },
  alertmanager: {
    http: mtls(9093, "http", "services"),
    gossip: mtls(9094, "gossip", "services"),
  },
  // The collector's intake, in a service of its own.
  "collector-gateway": {
    otlpGrpc: mtls(4317, "grpc", "services", "applications"),
    otlpHttp: mtls(4318, "http", "services", "applications"),
    health: probe(13133),
    metrics: ownMetrics(4319),
  },
  "log-agent": { metrics: ownMetrics(4318) },
} as const satisfies Record<ServiceName, Record<string, Listener>>;

export function listenersOf(service: ServiceName): Readonly<Record<string, Listener>> {
  return LISTENERS[service];
}

/** Whether a guard stands before a service. */
export const isGuarded = (service: ServiceName): boolean => GUARDED in LISTENERS[service];
