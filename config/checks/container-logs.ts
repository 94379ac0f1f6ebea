import type { Check } from "./check";

/** The collector's log is not sent through the collector that prints whatever is sent through it. */
export const noLogLoop: Check = ({ containerLogs, debugExporter }) =>
  containerLogs.enabled && debugExporter.enabled
    ? [
        {
          path: "debugExporter.enabled",
          message:
            "expected false beside containerLogs.enabled: what it prints would come back as logs, and be printed again",
        },
      ]
    : [];
