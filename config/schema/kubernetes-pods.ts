import * as o from "../types";

/** What is read of the nodes, where `containerLogs` is on. */
export const podLogs = o.section(
  "Logs of pods, where `containerLogs.enabled` has them read; see docs/security.md for the rights that it takes.",
  {
    namespaces: o.list(
      'Namespaces whose pods are read besides the stack\'s own; `["*"]` is all.',
      o.namespaceOrAll("A namespace, or `*`."),
    ),
    directory: o
      .directory("Where the kubelet keeps them on every node; the log agent mounts it read-only.")
      .prefault("/var/log/pods"),
  },
);

/** Whose data is told apart by the cluster's API. */
export const attributes = o.section(
  "Names of pod, workload, node and namespace on what pods send, by the cluster's API; see docs/security.md for the rights that it takes.",
  {
    namespaces: o.list(
      'Namespaces whose pods are known, which must exist; `["*"]` is all.',
      o.namespaceOrAll("A namespace, or `*`."),
    ),
  },
);

/** Which pods ask to be scraped. */
export const podMetrics = o.section(
  "Metrics of pods that ask for it by the annotation `prometheus.io/scrape`; see docs/security.md for the rights that it takes.",
  {
    namespaces: o.list(
      "Namespaces whose pods may ask, besides the stack's own; they must exist.",
      o.namespace("A namespace."),
    ),
  },
);
