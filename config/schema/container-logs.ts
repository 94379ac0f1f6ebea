import * as o from "../types";

export const containerLogs = o.section(
  "What containers log, sent to Loki: on Docker those of the stack, on Kubernetes the pods of `kubernetes.podLogs` too. See docs/security.md for the rights that it takes.",
  {
    enabled: o
      .flag("Whether the log agent runs: the one service that is root and sees its host.")
      .prefault(false),
    directory: o
      .containersDirectory(
        "Where the Docker host keeps its containers; the log agent mounts it read-only.",
      )
      .prefault("/var/lib/docker/containers"),
  },
);
