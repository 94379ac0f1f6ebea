import { z } from "zod";
import { SECRET_KEYS, SECRET_VALUES } from "./redaction-patterns";
import { SERVICES } from "./services";
import * as o from "./types";

/**
 * The one list of options: names, forms, units, defaults and doc strings. `docs/options.md` is
 * generated from it, error messages speak from it, and `StackConfig` is its type.
 */

const storage = (what: string, directory: string) =>
  o.section(`Where ${what} are kept.`, {
    kind: o
      .oneOf(
        ["local", "s3"],
        `\`local\`: a volume under ${directory}; \`s3\`: an S3 bucket over TLS.`,
      )
      .prefault("local"),
    bucket: o.text("S3: the bucket. It must exist.").optional(),
    endpoint: o.hostPort("S3: host and port of the endpoint, spoken to over TLS.").optional(),
    region: o.text("S3: the region.").prefault("us-east-1"),
    // Loki takes no other characters (`storage_prefix`).
    prefix: o.objectPrefix("S3: a prefix of all object names in the bucket.").optional(),
    forcePathStyle: o
      .flag("S3: address the bucket in the path, as most servers but AWS want it.")
      .prefault(true),
    accessKeyId: o
      .secret("S3: access key id. Without it, the environment's `AWS_ACCESS_KEY_ID` is taken.")
      .optional(),
    secretAccessKey: o
      .secret("S3: secret access key. Without it, the environment's `AWS_SECRET_ACCESS_KEY`.")
      .optional(),
    ca: o
      .pemCertificate("S3: PEM certificate of the CA that signed the endpoint's, if it is private.")
      .optional(),
  });

const ports = <T extends z.ZodRawShape>(service: string, shape: T) =>
  o.section(`Where ${service} is published on the host.`, {
    bind: o
      .bindAddress("Address of the host that the ports are bound to; 0.0.0.0 is every address.")
      .prefault("127.0.0.1"),
    ...shape,
  });

const limits = (service: string) =>
  o.section(`Limits of ${service}. What is left out follows from \`capacity\`.`, {
    memory: o.size("Most memory; there is no swap beside it.").optional(),
    memoryReservation: o.size("Memory that the host keeps for it under pressure.").optional(),
    cpus: o.cpus("Most CPU, in cores.").optional(),
  });

const application = o.group("An application.", {
  name: o.dnsLabel("Its name: the `service.name`, the name in its certificate, its container."),
  image: o.text("Its image, if the stack is to run it too.").optional(),
  command: o.list("Arguments of the image's entry point.", o.text("An argument.")),
  env: o.environmentVariables("Further environment variables; no secrets."),
  user: o.count("User id that it runs as.", 0).prefault(10001),
  version: o.text("Its version, for `service.version`.").optional(),
  attributes: o.labels("Further resource attributes of `OTEL_RESOURCE_ATTRIBUTES`."),
  reads: o.list(
    "Services that it may query. It then gets a second certificate that opens these.",
    o.oneOf(["tempo", "prometheus", "loki", "jaeger"], "A service."),
  ),
  qdrant: o
    .flag("Whether it uses Qdrant: gives it `QDRANT_URL`, the API key and the CA.")
    .prefault(false),
  scrape: o
    .group("Where Prometheus scrapes it.", {
      target: o
        .hostPort("Host and port; with an image of its own the container's name may stand there.")
        .optional(),
      port: o.port("Port, where the stack runs the application.").optional(),
      path: o.urlPath("Path of its metrics.").prefault("/metrics"),
      tls: o
        .flag("Whether it is spoken to over TLS, with Prometheus' client certificate.")
        .prefault(false),
    })
    .optional(),
  memory: o.size("Most memory of its container.").prefault("256Mi"),
  cpus: o.cpus("Most CPU of its container, in cores.").prefault(0.5),
});

export const stackSchema = z.strictObject({
  target: o.oneOf(["docker"], "What the stack runs on.").prefault("docker"),
  environment: o
    .dnsLabel(
      "Name of the environment, for `deployment.environment.name`. Default: the stack's name.",
    )
    .optional(),
  namePrefix: o.dnsLabel("Start of every container's, volume's and network's name.").optional(),

  docker: o.section("The Docker host.", {
    host: o
      .text(
        "`unix:///var/run/docker.sock`, `ssh://user@host[:port]` or `tcp://host:port` with TLS.",
      )
      .prefault("unix:///var/run/docker.sock"),
    sshOptions: o.list(
      "Options of the `ssh` client for `ssh://`, such as `-i`, `~/.ssh/host`, `-o`, `Port=2222`.",
      o.text("An argument."),
    ),
    tls: o
      .group("Certificates for `tcp://`.", {
        caFile: o.path("File of the CA of the daemon's certificate."),
        certFile: o.path("File of the client certificate."),
        keyFile: o.path("File of the client certificate's key."),
      })
      .optional(),
    keyFiles: o
      .oneOf(
        ["owner", "volume"],
        "How key files become readable to their service alone: `owner` (0400, owned by its user; a container that runs once sets it) or `volume` (0444 in a volume that it alone mounts).",
      )
      .prefault("owner"),
  }),

  ports: o.section("Published ports. All others stay inside the stack's networks.", {
    collector: ports("the collector", {
      otlpGrpc: o.port("OTLP over gRPC.").prefault(4317),
      otlpHttp: o.port("OTLP over HTTP.").prefault(4318),
    }),
    tempo: ports("Tempo", { http: o.port("Query API.").prefault(3200) }),
    loki: ports("Loki", { http: o.port("Query API.").prefault(3100) }),
    prometheus: ports("Prometheus", { http: o.port("API and pages.").prefault(9090) }),
    alertmanager: ports("Alertmanager", { http: o.port("API and pages.").prefault(9093) }),
    grafana: ports("Grafana", { https: o.port("Pages and API.").prefault(3000) }),
    jaeger: ports("Jaeger", { http: o.port("Query API and pages.").prefault(16686) }),
    qdrant: ports("Qdrant", { rest: o.port("REST API.").prefault(6333) }),
  }),

  hostNames: o.section(
    "Public host names per service. They enter its certificate; the first one is used in links.",
    Object.fromEntries(
      SERVICES.map((service) => [
        service,
        o.list(`Public host names of ${service}.`, o.hostName("A host name or IPv4 address.")),
      ]),
    ) as Record<
      (typeof SERVICES)[number],
      ReturnType<typeof o.list<ReturnType<typeof o.hostName>>>
    >,
  ),

  storage: o.section("Storage of traces and logs.", {
    tempo: storage("traces", "/var/tempo"),
    loki: storage("logs", "/loki"),
  }),

  volumes: o.section("Data volumes.", {
    protect: o
      .flag(
        "Whether Pulumi refuses to delete or replace a data volume. `destroy` then leaves them.",
      )
      .prefault(false),
  }),

  retention: o.section("How long data is kept.", {
    traces: o.duration("Traces.").prefault("168h"),
    logs: o.duration("Logs. A whole number of days: Loki deletes by day.").prefault("168h"),
    metrics: o.section("Metrics: whatever comes first.", {
      time: o.duration("Age.").prefault("15d"),
      size: o.size("Size of the blocks on disk.").prefault("10Gi"),
    }),
  }),

  capacity: o.section(
    "The load that the stack is to carry without loss. Limits, rate limits and queue sizes follow from it.",
    {
      spansPerSecond: o.count("Spans per second.").prefault(2000),
      logLinesPerSecond: o.count("Log lines per second.").prefault(1000),
      seriesPerSecond: o.count("Samples of metric series per second.").prefault(5000),
      outage: o
        .duration(
          "How long Tempo, Loki or Prometheus may be away before the intake is pushed back.",
        )
        .prefault("1h"),
    },
  ),

  sampling: o.section("Tail sampling. RED metrics are counted from all spans, before it.", {
    ratio: o.ratio("Share of ordinary traces that is kept. At 1 there is no sampler.").prefault(1),
    keepErrors: o.flag("Keep every trace with an error.").prefault(true),
    keepSlowerThan: o.duration("Keep every trace that lasts longer.").prefault("1s"),
    dropHealthChecks: o.flag("Drop traces of health checks.").prefault(true),
    healthCheckPaths: o
      .list(
        "Paths (`url.path` or `http.target`) of health checks, as regular expressions.",
        o.pattern("A path."),
      )
      .prefault(["/healthz?", "/livez", "/readyz?", "/metrics", "/monitoring/metrics"]),
    decisionWait: o.duration("Time from a trace's first span to the decision.").prefault("10s"),
  }),

  redaction: o.section("What never leaves the collector in clear.", {
    enabled: o.flag("Whether spans and logs are redacted.").prefault(true),
    keys: o
      .list(
        "Attributes whose value is masked, as regular expressions of the key.",
        o.pattern("A pattern."),
      )
      .prefault([...SECRET_KEYS]),
    values: o
      .list("What is masked inside any value, as regular expressions.", o.pattern("A pattern."))
      .prefault([...SECRET_VALUES]),
  }),

  limits: o.section(
    "Limits and reservations per service.",
    Object.fromEntries(SERVICES.map((service) => [service, limits(service)])) as Record<
      (typeof SERVICES)[number],
      ReturnType<typeof limits>
    >,
  ),

  images: o.section("Images.", {
    registry: o.text("One mirror for all: `registry.example.org/mirror`.").optional(),
    overrides: o.section(
      "Images by service, in place of the pinned ones. The mirror does not apply to them.",
      Object.fromEntries(
        SERVICES.map((service) => [service, o.text(`Image of ${service}.`).optional()]),
      ) as Record<(typeof SERVICES)[number], z.ZodOptional<ReturnType<typeof o.text>>>,
    ),
    pull: o
      .flag("Whether images are pulled. Without it they must be on the host already.")
      .prefault(true),
  }),

  grafana: o.section("Grafana.", {
    enabled: o.flag("Whether it runs.").prefault(true),
    adminUser: o.text("Name of the administrator; the password is generated.").prefault("admin"),
    oidc: o
      .group("Login through an OpenID Connect provider.", {
        name: o.text("What the login button says.").prefault("Single sign-on"),
        clientId: o.text("Client id."),
        clientSecret: o.secret("Client secret."),
        authUrl: o.httpsUrl("Authorisation endpoint."),
        tokenUrl: o.httpsUrl("Token endpoint."),
        apiUrl: o.httpsUrl("User info endpoint."),
        scopes: o.text("Scopes.").prefault("openid email profile"),
        roleAttributePath: o.text("JMESPath expression of the role.").optional(),
        ca: o.pemCertificate("PEM certificate of the provider's CA, if it is private.").optional(),
      })
      .optional(),
  }),
  jaeger: o.section("Jaeger, a second reader of the same traces.", {
    enabled: o.flag("Whether it runs.").prefault(true),
    retention: o.duration("How long it keeps traces.").prefault("48h"),
  }),
  qdrant: o.section("Qdrant.", { enabled: o.flag("Whether it runs.").prefault(true) }),
  alertmanager: o.section("Alertmanager.", { enabled: o.flag("Whether it runs.").prefault(true) }),

  apps: o.list(
    "Applications: each gets a client certificate and its `OTEL_*` variables.",
    application,
  ),
  scrapeTargets: o.list(
    "Further scrape targets of Prometheus.",
    o.group("A job.", {
      name: o.dnsLabel("Name of the job."),
      targets: o.list("Hosts and ports.", o.hostPort("A target.")),
      path: o.urlPath("Path of the metrics.").prefault("/metrics"),
      tls: o
        .flag("Whether it is spoken to over TLS, with Prometheus' client certificate.")
        .prefault(false),
      interval: o.duration("Time between scrapes.").optional(),
      labels: o.labels("Labels of every series."),
    }),
  ),
  extraReceivers: o.list(
    "Further OTLP receivers that get a copy of everything; a dead one never stops the intake.",
    o.group("A receiver.", {
      name: o.dnsLabel("Its name, in the collector's metrics."),
      protocol: o.oneOf(["grpc", "http"], "Protocol.").prefault("grpc"),
      endpoint: o.hostPort("Host and port, spoken to over TLS with the collector's certificate."),
      ca: o.pemCertificate("PEM certificate of its CA, if it is private.").optional(),
      signals: o
        .list("Signals that it gets.", o.oneOf(["traces", "logs", "metrics"], "A signal."))
        .prefault(["traces", "logs", "metrics"]),
    }),
  ),
  debugExporter: o.section("The collector's debug exporter: prints what passes to its log.", {
    enabled: o.flag("Whether it is on.").prefault(false),
    verbosity: o.oneOf(["basic", "normal", "detailed"], "How much it prints.").prefault("basic"),
  }),
  intake: o.section("Further intakes, for clients that cannot do mTLS.", {
    plaintext: o.section("Plaintext OTLP, published on the host's loopback only.", {
      enabled: o.flag("Whether it is open.").prefault(false),
      bind: o
        .bindAddress("Loopback address that all plaintext intakes are bound to.")
        .prefault("127.0.0.1"),
      otlpGrpc: o.port("OTLP over gRPC.").prefault(14317),
      otlpHttp: o.port("OTLP over HTTP.").prefault(14318),
    }),
    jaeger: o.section("Jaeger's own protocols, plaintext on loopback.", {
      enabled: o.flag("Whether it is open.").prefault(false),
      grpc: o.port("Jaeger over gRPC.").prefault(14250),
      thriftHttp: o.port("Jaeger Thrift over HTTP.").prefault(14268),
    }),
    zipkin: o.section("Zipkin, plaintext on loopback.", {
      enabled: o.flag("Whether it is open.").prefault(false),
      http: o.port("Zipkin's API.").prefault(9411),
    }),
  }),

  verification: o.section("The check with real traffic at the end of `up`.", {
    enabled: o.flag("Whether it runs as the last resource.").prefault(true),
    timeout: o.duration("How long a hop may take before it is called broken.").prefault("90s"),
  }),

  alerts: o.section("Alert thresholds, evaluated by Prometheus.", {
    latency: o.duration("A service's p95 above it is an alert.").prefault("1s"),
    errorRate: o.ratio("A service's share of failed spans above it is an alert.").prefault(0.05),
    lookback: o.duration("Window of both.").prefault("60s"),
    interval: o.duration("Time between evaluations.").prefault("30s"),
    webhook: o
      .group("Where Alertmanager delivers.", {
        url: o.secretHttpsUrl("Address; kept as a secret, for tokens often stand in it."),
        ca: o.pemCertificate("PEM certificate of its CA, if it is private.").optional(),
      })
      .optional(),
  }),

  certificates: o.section("Certificates.", {
    lifetime: o.duration("Lifetime of a leaf.").prefault("90d"),
    renewBefore: o
      .duration("A leaf is renewed at the next `up` this long before its end.")
      .prefault("30d"),
    caLifetime: o.duration("Lifetime of the root and the issuers.").prefault("3650d"),
    ca: o
      .group("Your own CA in place of a generated root. Its key signs the two issuers.", {
        certificate: o.pemCertificate("PEM certificate; it may sign certificates of CAs."),
        privateKey: o.pemKey("Its key, as a secret."),
      })
      .optional(),
  }),

  tuning: o.section("Settings of services, for those who know why.", {
    collector: o.section("The collector.", {
      batchSize: o.size("A batch of this size is sent at once; at most 3.5Mi.").prefault("1Mi"),
      batchTimeout: o.duration("Longest wait for a batch to fill.").prefault("200ms"),
      exportersConcurrency: o.count("Requests in flight per exporter.").prefault(4),
      maxRequestSize: o.size("Largest request that the intake takes.").prefault("16Mi"),
      fsync: o.flag("Whether each write of a queue is synced to disk.").prefault(false),
      cardinalityLimit: o.count("Most series of span metrics per metric.").prefault(10000),
      latencyBuckets: o
        .list("Bounds of the span duration histogram.", o.duration("A bound."))
        .prefault([
          "2ms",
          "5ms",
          "10ms",
          "25ms",
          "50ms",
          "100ms",
          "250ms",
          "500ms",
          "1s",
          "2s",
          "5s",
          "10s",
        ]),
    }),
    tempo: o.section("Tempo.", {
      maxBlockDuration: o
        .duration("Longest time that a block covers before it goes to the storage.")
        .prefault("1m"),
      maxBlockSize: o.size("Largest block before it is cut.").prefault("500Mi"),
      maxTraceSize: o.size("Largest trace; more of it is refused.").prefault("50Mi"),
      maxSearchDuration: o.duration("Longest time range of a search.").prefault("168h"),
      queryConcurrency: o.count("Jobs of a query at once.").prefault(20),
    }),
    loki: o.section("Loki.", {
      maxLineSize: o.size("Longest log line; what is longer is cut.").prefault("256Ki"),
      maxQueryDuration: o.duration("Longest time range of a query.").prefault("30d"),
      maxEntriesPerQuery: o.count("Most lines of an answer.").prefault(5000),
      chunkIdle: o.duration("A chunk without new lines is written after it.").prefault("30m"),
    }),
    prometheus: o.section("Prometheus.", {
      scrapeInterval: o.duration("Time between scrapes.").prefault("15s"),
    }),
  }),
});

/** The whole configuration of a stack, checked: durations in seconds, sizes in bytes, CPU in cores. */
export type ParsedOptions = z.output<typeof stackSchema>;

export type ApplicationConfig = ParsedOptions["apps"][number];
export type StorageConfig = ParsedOptions["storage"]["tempo"];
