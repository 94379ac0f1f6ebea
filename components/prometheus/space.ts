import type { StoreFigures } from "../store-figures";

/** All that `retention.metrics.size` bounds. */
export const prometheusFigures = (): StoreFigures => ({
  used: ["storage_blocks", "wal_storage_size", "head_chunks_storage_size"]
    .map((part) => `sum(prometheus_tsdb_${part}_bytes{job="prometheus"})`)
    .join(" + "),
});
