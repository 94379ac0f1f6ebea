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
  latency: o.duration("A service's p95 above it is an alert.").prefault("1s"),
  errorRate: o.ratio("A service's share of failed spans above it is an alert.").prefault(0.05),
  lookback: o.duration("Window of both.").prefault("60s"),
  interval: o.duration("Time between evaluations.").prefault("30s"),
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
