import { budgetsOf } from "../../../config/space";
import { RULES_CONFIG } from "../rules";
import { one, TWO_TIERS, type RuleCases } from "./situations";

const GI = 2 ** 30;
const BLOCKS = 'tempodb_backend_bytes_total{job="tempo",tenant="single-tenant",status="live"}';
const FLUSHED = 'tempo_live_store_local_flush_size_bytes_sum{job="tempo"}';
const CHUNKS = 'loki_ingester_chunk_stored_bytes_total{job="loki"}';
const WAL = 'prometheus_tsdb_wal_storage_size_bytes{job="loki"}';
const FILE_SYSTEM = 'loki_ingester_wal_disk_usage_percent{job="loki"}';
const TABLES = 'jaeger_storage_badger_size_bytes_lsm{job="jaeger"}';
const LARGE = 'jaeger_storage_badger_size_bytes_vlog{job="jaeger"}';

const [{ bytes: TEMPO }] = budgetsOf(RULES_CONFIG);
const ON_ONE_HOST = "";

/** Blocks of so much of Tempo's budget. */
const tempo = (share: number) => ({ [BLOCKS]: `${Math.round(share * TEMPO)}x80` });

/** Bytes in 15 seconds with which a week fills so much of Tempo's budget. */
const filling = (share: number) => Math.round((share * TEMPO) / ((168 * 3600) / 15));

/** Blocks that grow for 8 hours from a share of the budget on, by what a week of it would fill. */
const growing = (from: number, week: number, written = week) => ({
  [BLOCKS]: `${Math.round(from * TEMPO)}+${filling(week)}x2000`,
  [FLUSHED]: `0+${filling(written)}x2000`,
});

/** Alerts on what stores may fill. */
export const space: Record<string, RuleCases> = {
  "StoreFills warning": {
    fires: [
      {
        what: "Tempo by its blocks",
        only: ON_ONE_HOST,
        series: tempo(0.87),
        at: "8m",
        labels: { store: "tempo" },
      },
      {
        what: "Loki by its chunks and its log",
        only: ON_ONE_HOST,
        series: { [CHUNKS]: `0+${GI / 2}x86 ${43 * GI}x40`, [WAL]: `${GI / 4}x140` },
        at: "28m",
        labels: { store: "loki" },
      },
      {
        what: "Loki by its file system",
        only: TWO_TIERS,
        series: { [FILE_SYSTEM]: "0.87x80" },
        at: "8m",
        labels: { store: "loki" },
      },
      {
        what: "Jaeger by its tables, without what is set aside",
        only: ON_ONE_HOST,
        series: { [TABLES]: `${42.6 * GI}x80`, [LARGE]: `${2 * GI}x80` },
        at: "8m",
        labels: { store: "jaeger" },
      },
    ],
    silent: [
      { what: "room", only: ON_ONE_HOST, series: tempo(0.83), at: "8m" },
      { what: "critical", only: ON_ONE_HOST, series: tempo(0.95), at: "8m" },
      { what: "room on a claim", only: TWO_TIERS, series: { [FILE_SYSTEM]: "0.83x80" }, at: "8m" },
    ],
  },
  "StoreFills critical": {
    fires: one({ only: ON_ONE_HOST, series: tempo(0.92), at: "8m", labels: { store: "tempo" } }),
    silent: one({ only: ON_ONE_HOST, series: tempo(0.88), at: "8m" }),
  },
  StoreFullSoon: {
    fires: one({
      only: ON_ONE_HOST,
      series: growing(0.4, 1.6),
      at: "7h30m",
      labels: { store: "tempo" },
    }),
    silent: [
      { what: "slowly", only: ON_ONE_HOST, series: growing(0.4, 1.1), at: "7h30m" },
      { what: "young", only: ON_ONE_HOST, series: growing(0.02, 3), at: "7h30m" },
      {
        what: "retention deletes in time",
        only: ON_ONE_HOST,
        series: growing(0.6, 1.1, 0.8),
        at: "7h30m",
      },
    ],
  },
};
