import { z } from "zod";
import { SECRET_KEYS, SECRET_VALUES } from "./redaction-patterns";
import { IMAGE_USERS, SERVICES } from "./services";
import { alerts } from "./schema/alerts";
import { application } from "./schema/application";
import { containerLogs } from "./schema/container-logs";
import { grafana } from "./schema/grafana";
import { guard } from "./schema/guard";
import { intake } from "./schema/intake";
import { kubernetes } from "./schema/kubernetes";
import { hostNames, ports } from "./schema/publishing";
import { replicas } from "./schema/replicas";
import { space } from "./schema/space";
import { storage } from "./schema/storage";
import { tuning } from "./schema/tuning";
import * as o from "./types";

/**
 * The one list of options: names, forms, units, defaults and doc strings. `docs/options.md` is
 * generated from it, error messages speak from it, and `StackConfig` is its type.
 */

const limits = (service: string) =>
  o.section(`Limits of ${service}. What is left out follows from \`capacity\`.`, {
    memory: o.size("Most memory; there is no swap beside it.").optional(),
    memoryReservation: o.size("Memory that the host keeps for it under pressure.").optional(),
    cpus: o.cpus("Most CPU, in cores.").optional(),
  });

export const stackSchema = z.strictObject({
  target: o.oneOf(["docker", "kubernetes"], "What the stack runs on.").prefault("docker"),
  environment: o
    .dnsLabel(
      "Name of the environment, for `deployment.environment.name`. Default: the stack's name.",
    )
    .optional(),
  namePrefix: o.dnsLabel("Start of every container's, volume's and network's name.").optional(),
  portOffset: o
    .count("Added to every published port, stated or not: a second stack beside a first one.", 0)
    .prefault(0),

  kubernetes,
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

  ports,
  hostNames,
  storage,
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

  space,

  guard,

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
      mean: o
        .portion(
          "Mean of that load over weeks, as a share of it: on Kubernetes no claim may be smaller than what it leaves within the retention.",
        )
        .prefault(0.25),
    },
  ),

  sampling: o.section("Tail sampling. RED metrics are counted from all spans, before it.", {
    ratio: o.ratio("Share of ordinary traces that is kept. At 1 there is no sampler.").prefault(1),
    keepErrors: o.flag("Keep every trace with an error.").prefault(true),
    keepSlowerThan: o.duration("Keep every trace that lasts longer.").prefault("1s"),
    dropHealthChecks: o
      .flag("Drop traces of health checks, those that fail too. They are counted all the same.")
      .prefault(true),
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
      .list(
        "What is masked inside any value, as regular expressions. With any, values of spans that have 1,000 opening brackets are masked whole.",
        o.pattern("A pattern."),
      )
      .prefault([...SECRET_VALUES]),
    spanLinks: o
      .oneOf(
        ["drop", "keep"],
        "What becomes of links between spans, whose attributes nothing can redact: `drop` removes the links and counts them as dropped, `keep` lets them pass as they are.",
      )
      .prefault("drop"),
  }),

  replicas,
  limits: o.section(
    "Limits and reservations per service.",
    Object.fromEntries(SERVICES.map((service) => [service, limits(service)])) as Record<
      (typeof SERVICES)[number],
      ReturnType<typeof limits>
    >,
  ),

  images: o.section("Images.", {
    registry: o.registry("One mirror for all: `registry.example.org/mirror`.").optional(),
    overrides: o.section(
      "Images by service, in place of the pinned ones. The mirror does not apply to them.",
      Object.fromEntries(
        IMAGE_USERS.map((user) => [user, o.text(`Image of ${user}.`).optional()]),
      ) as Record<(typeof IMAGE_USERS)[number], z.ZodOptional<ReturnType<typeof o.text>>>,
    ),
    pull: o
      .flag("Whether images are pulled. Without it they must be on the host already.")
      .prefault(true),
    requireLock: o
      .flag(
        "Whether `up` refuses images that are not locked to a digest by `images.lock.json`, or named with one.",
      )
      .prefault(false),
  }),

  grafana,
  jaeger: o.section("Jaeger, a second reader of the same traces.", {
    enabled: o.flag("Whether it runs.").prefault(true),
    retention: o.duration("How long it keeps traces.").prefault("48h"),
  }),
  qdrant: o.section("Qdrant.", { enabled: o.flag("Whether it runs.").prefault(true) }),
  alertmanager: o.section("Alertmanager.", { enabled: o.flag("Whether it runs.").prefault(true) }),
  containerLogs,

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
  intake,
  verification: o.section("The check with real traffic at the end of `up`.", {
    enabled: o.flag("Whether it runs as the last resource.").prefault(true),
    timeout: o.duration("How long a hop may take before it is called broken.").prefault("90s"),
  }),

  alerts,
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
    nextCa: o
      .group(
        "The CA that takes the place of yours, or of a generated root, at the next rotation.",
        {
          certificate: o.pemCertificate("PEM certificate; it may sign certificates of CAs."),
          privateKey: o.pemKey("Its key, as a secret."),
        },
      )
      .optional(),
    generation: o
      .count("Number of the CA that signs. `npm run rotate` writes it, and the next one.")
      .prefault(1),
    alsoTrusted: o
      .count("Number of one more CA that is trusted, in the middle of a rotation.")
      .optional(),
  }),

  tuning,
});

/** The whole configuration of a stack, checked: durations in seconds, sizes in bytes, CPU in cores. */
export type ParsedOptions = z.output<typeof stackSchema>;

export type ApplicationConfig = ParsedOptions["apps"][number];
export type StorageConfig = ParsedOptions["storage"]["tempo"];
