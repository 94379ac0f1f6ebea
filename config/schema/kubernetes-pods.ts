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
