import type { StackConfig } from "../../config/parse";
import { PUSH_INTERVAL } from "../../config/schema/tuning";
import { goDuration } from "../../config/units";
import type { ServiceContext } from "../service";
import { hasTwoTiers } from "../stack/connections";
import { REPLICA_NAME, type Settings } from "./component";

/**
 * CPU and memory of the host, and the one file system that holds the data. The kernel shows all of
 * it in any container: nothing of the host is mounted for it, least of all Docker's socket.
 */
export function hostMetrics({ layout }: ServiceContext): Settings {
  return {
    collection_interval: goDuration(PUSH_INTERVAL),
    scrapers: {
      cpu: {
        metrics: {
          // One series a state; the number of cores stands beside it.
          "system.cpu.time": { attributes: ["state"] },
          "system.cpu.logical.count": { enabled: true },
        },
      },
      memory: { metrics: { "system.memory.limit": { enabled: true } } },
      filesystem: {
        // A container's own file systems count as virtual, and so may that of its volumes.
        include_virtual_filesystems: true,
        include_mount_points: { mount_points: [layout.dataMount], match_type: "strict" },
      },
    },
  };
}

/** Whose metrics they are: the collector's, so that they stand beside its own. */
export const hostIdentity = (config: StackConfig): Settings => ({
  attributes: [
    { key: "service.name", value: "collector", action: "upsert" },
    {
      key: "service.instance.id",
      value: hasTwoTiers(config) ? REPLICA_NAME : "collector",
      action: "upsert",
    },
  ],
});
