import type { StackConfig } from "../../config/parse";
import { budgetsOf } from "../../config/space";
import { goDuration } from "../../config/units";
import { WRITTEN_WINDOW, type StoreFigures } from "../store-figures";

const OWN = '{job="loki"}';
const STORED = `loki_ingester_chunk_stored_bytes_total${OWN}`;

/**
 * Loki tells how full the file system of its volume is, which says it all where the volume has one
 * of its own; else what it wrote within the retention, as far as Prometheus remembers, and its log.
 */
function used(config: StackConfig): string {
  const own = budgetsOf(config).find(({ store, ownVolume }) => store === "loki" && ownVolume);
  if (own) return `max(loki_ingester_wal_disk_usage_percent${OWN}) * ${own.bytes}`;
  const { logs, metrics } = config.retention;
  const kept = goDuration(Math.min(logs, metrics.time));
  return (
    `sum(prometheus_tsdb_wal_storage_size_bytes${OWN}) + ` +
    `(sum(increase(${STORED}[${kept}])) or vector(0))`
  );
}

export const lokiFigures = (config: StackConfig): StoreFigures => ({
  used: used(config),
  written: `sum(rate(${STORED}[${goDuration(WRITTEN_WINDOW)}]))`,
});
