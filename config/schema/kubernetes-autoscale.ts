import * as o from "../types";

/** What may run as often as its load asks for: only what keeps nothing. */
export const autoscale = o.section(
  "How many run by the CPU that they take, in place of a fixed number. The cluster must serve the metrics of pods (metrics-server).",
  {
    "collector-gateway": o
      .group("Of what takes data in for a collector of two tiers.", {
        most: o.count("Most that run; the least is `replicas.collector-gateway`."),
        cpu: o.share("Share of their CPU limit above which one more is started.").prefault(0.6),
      })
      .optional(),
  },
);
