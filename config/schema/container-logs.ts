import * as o from "../types";

export const containerLogs = o.section(
  "What the stack's own containers log, sent to Loki. Docker hosts only; see docs/security.md for the rights that it takes.",
  {
    enabled: o
      .flag("Whether the log agent runs: the one service that is root and sees the host.")
      .prefault(false),
    directory: o
      .containersDirectory(
        "Where the Docker host keeps its containers; the log agent mounts it read-only.",
      )
      .prefault("/var/lib/docker/containers"),
  },
);
