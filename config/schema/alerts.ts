import * as o from "../types";

export const alerts = o.section("Alert thresholds, evaluated by Prometheus.", {
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
});
