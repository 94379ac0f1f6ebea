import * as o from "../types";

const many = (what: string) => o.count(what).prefault(1);
const one = (service: string, why: string) => many(`Of ${service}. It stays at 1: ${why}.`);

/** Why a service runs once. */
export const ONE_REPLICA = {
  tempo: "in one process it answers only for the spans that it has taken itself",
  prometheus: "it shares no storage, so each would have its own part of what is pushed to it",
  loki: "in one process it answers only for the lines that it has taken itself",
  jaeger: "its storage is a directory that one process holds",
} as const;

export const replicas = o.section(
  "How many of a service run. More than 1 needs Kubernetes: a host that is lost takes all with it.",
  {
    collector: many(
      "Of the collector. From 2 on it has two tiers: what takes data in hands it, by trace, to those that sample and keep the queues.",
    ),
    "collector-gateway": o
      .count(
        "Of what takes data in for a collector of two tiers; with `kubernetes.autoscale`, the least of it. Default: 2.",
      )
      .optional(),
    qdrant: many("Of Qdrant, as a cluster. 2 lose no data with one pod, 3 stay writable."),
    alertmanager: many("Of Alertmanager, which then agree on what was sent."),
    grafana: many("Of Grafana. More than 1 needs `grafana.database`."),
    tempo: one("Tempo", ONE_REPLICA.tempo),
    prometheus: one("Prometheus", ONE_REPLICA.prometheus),
    loki: one("Loki", ONE_REPLICA.loki),
    jaeger: one("Jaeger", ONE_REPLICA.jaeger),
  },
);
