import * as o from "../types";

/** What a receiver may ask for; the Watchdog has none of them. */
export const SEVERITIES = ["critical", "warning"] as const;

/** Names of Alertmanager's receivers that no option gives. */
export const OWN_RECEIVERS = { nobody: "nobody", deadMansSwitch: "dead-mans-switch" } as const;

const webhook = {
  url: o.webhookUrl("Address; kept as a secret, for tokens often stand in it."),
  ca: o.pemCertificate("PEM certificate of its CA, if it is private.").optional(),
  allowHttp: o
    .flag(
      "Whether the address may be `http://` on another host: everybody on the way then reads the alerts and the address.",
    )
    .prefault(false),
};

export const alerts = o.section("Alert thresholds, evaluated by Prometheus, and who is told.", {
  interval: o.duration("Time between evaluations, at most 2m.").prefault("30s"),
  lookback: o.duration("Window of latency and error rate.").prefault("60s"),
  latency: o.duration("A service's p95 above it is an alert.").prefault("1s"),
  errorRate: o.share("A service's share of failed spans above it is an alert.").prefault(0.05),
  traffic: o.section("A service that had traffic and has none is an alert.", {
    silence: o.duration("How long it has none.").prefault("10m"),
    least: o.count("Requests in the hour before, from which on it is one.").prefault(60),
  }),
  loss: o
    .share("Share of spans above which it is an alert that they got lost between two hops.")
    .prefault(0.05),
  queue: o
    .share("A queue of the collector's filled above it is an alert; full, it holds senders back.")
    .prefault(0.5),
  memory: o.share("Use of a memory limit above it is an alert.").prefault(0.9),
  restarts: o.count("So many restarts of one process within an hour are an alert.").prefault(3),
  disk: o.section("The disk that holds the volumes.", {
    warning: o.share("Filled above it, it is a warning.").prefault(0.8),
    critical: o.share("Filled above it, it is critical.").prefault(0.9),
    fullWithin: o
      .duration("If it will be full within this time, by the last hours' growth, it is a warning.")
      .prefault("24h"),
  }),
  space: o.section("What each store may fill: its claim, or its budget (`space`).", {
    warning: o.share("Filled above it, it is a warning; what fits stays below.").prefault(0.85),
    critical: o.share("Filled above it, it is critical.").prefault(0.9),
    fullWithin: o
      .duration("If a store will have filled it within this time, it is a warning.")
      .prefault("72h"),
  }),
  applications: o.section("What applications report of themselves.", {
    cpu: o.percentOfCore("`process_cpu_percent` above it is an alert.").prefault(80),
    memory: o.size("`process_memory_bytes` above it is an alert.").prefault("2Gi"),
    tracingCpu: o.percentOfCore("`tracing_cpu_overhead_percent` above it is an alert.").prefault(5),
    tracingMemory: o
      .size("`tracing_memory_overhead_bytes` above it is an alert.")
      .prefault("128Mi"),
  }),
  runbookUrl: o
    .httpsUrl(
      "Where the pages of `docs/runbooks/` are published, for the alerts' links. Default: the path inside the project.",
    )
    .optional(),
  receivers: o.list(
    "Webhooks that Alertmanager delivers to. Without one, alerts are shown and told to nobody.",
    o.group("A receiver.", {
      name: o.dnsLabel("Its name, in Alertmanager and its metrics."),
      ...webhook,
      severities: o
        .list("Severities of the alerts that it gets.", o.oneOf(SEVERITIES, "A severity."))
        .prefault([...SEVERITIES]),
    }),
  ),
  deadMansSwitch: o
    .group(
      "A webhook that hears from the stack for as long as alerts work, and gives the alarm when it does not.",
      {
        ...webhook,
        interval: o
          .duration("Time between two deliveries; after Prometheus' end the last one is no later.")
          .prefault("1m"),
      },
    )
    .optional(),
});
