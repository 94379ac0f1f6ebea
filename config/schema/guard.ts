import * as o from "../types";

export const guard = o.section(
  "What keeps the volumes of Tempo, Loki and Prometheus from filling up: before they are full, nothing is sent there any more, and what arrives waits in the collector's queue.",
  {
    stopAt: o
      .share(
        "Share of the file system under a volume that may be used, by whomever. What a store writes by itself has to fit into the rest.",
      )
      .prefault(0.95),
  },
);
