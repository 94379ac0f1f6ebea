import { limitsOf } from "../../../config/capacity";
import { RULES_CONFIG } from "../rules";
import {
  holds,
  ofReplica,
  one,
  startOf,
  TWO_TIERS,
  type RuleCases,
  type Situation,
} from "./situations";

/** A disk of 100 GB. */
const disk = (used: string, free: string) => ({
  'system_filesystem_usage_bytes{job="collector",mountpoint="/data",state="used"}': used,
  'system_filesystem_usage_bytes{job="collector",mountpoint="/data",state="free"}': free,
  'system_filesystem_usage_bytes{job="collector",mountpoint="/data",state="reserved"}': "5e9x1000",
});

/** That of one replica. */
const diskOf = (index: number, used: string, free: string) =>
  Object.fromEntries(
    Object.entries(disk(used, free)).map(([series, values]) => [ofReplica(index, series), values]),
  );

const certificate = (name: string, kind: string, seconds: number): Situation => ({
  what: `${kind} ${name}`,
  series: {
    [`tracekeep:certificate_not_after:timestamp_seconds{certificate="${name}",kind="${kind}"}`]: `${seconds}x40`,
  },
  at: "5m",
  labels: { certificate: name },
});
const DAY = 86_400;

const TEMPO_LIMIT = limitsOf(RULES_CONFIG, "tempo").memory;

/** Alerts on processes, the disk and certificates. */
export const host: Record<string, RuleCases> = {
  MemoryNearLimit: {
    fires: one({
      ...holds('process_resident_memory_bytes{job="tempo"}', Math.round(0.92 * TEMPO_LIMIT), "8m"),
      labels: { job: "tempo" },
    }),
    silent: one(
      holds('process_resident_memory_bytes{job="tempo"}', Math.round(0.88 * TEMPO_LIMIT), "8m"),
    ),
  },
  ServiceRestarts: {
    fires: one({
      series: { [startOf("tempo")]: "0x40 600x40 1200x40 1800x40" },
      at: "40m",
      labels: { job: "tempo" },
    }),
    silent: [
      { series: { [startOf("tempo")]: "0x40 600x40 1200x80" }, at: "40m" },
      {
        what: "each replica once",
        only: TWO_TIERS,
        series: Object.fromEntries(
          [20, 60, 100].map((at, index) => [
            ofReplica(index, 'otelcol_process_uptime_seconds_total{job="collector"}'),
            `0+15x${at} 0+15x${150 - at}`,
          ]),
        ),
        at: "40m",
      },
    ],
  },
  "DiskFills warning": {
    fires: [
      { series: disk("82e9x40", "18e9x40"), at: "5m", labels: { mountpoint: "/data" } },
      {
        what: "one replica's of two",
        only: TWO_TIERS,
        series: {
          ...diskOf(0, "82e9x40", "18e9x40"),
          ...diskOf(1, "10e9x40", "90e9x40"),
        },
        at: "5m",
        labels: { instance: "collector-0" },
      },
    ],
    silent: [
      { what: "room", series: disk("78e9x40", "22e9x40"), at: "5m" },
      { what: "critical", series: disk("95e9x40", "5e9x40"), at: "5m" },
    ],
  },
  "DiskFills critical": {
    fires: one({ series: disk("92e9x40", "8e9x40"), at: "5m" }),
    silent: one({ series: disk("88e9x40", "12e9x40"), at: "5m" }),
  },
  DiskFullSoon: {
    fires: one({ series: disk("60e9+1e7x900", "40e9-1e7x900"), at: "3h20m" }),
    silent: [
      { what: "slowly", series: disk("60e9+1e6x900", "40e9-1e6x900"), at: "3h20m" },
      { what: "much room", series: disk("20e9+2e7x900", "80e9-2e7x900"), at: "3h20m" },
    ],
  },
  "CertificateEnds warning": {
    fires: [
      certificate("tempo", "leaf", 14 * DAY),
      certificate("tracekeep services", "issuer", 89 * DAY),
    ],
    silent: [
      certificate("tempo", "leaf", 16 * DAY),
      certificate("tempo", "leaf", 2 * DAY),
      certificate("tracekeep services", "issuer", 91 * DAY),
    ],
  },
  "CertificateEnds critical": {
    fires: [certificate("tempo", "leaf", 2 * DAY), certificate("own root", "root", 29 * DAY)],
    silent: [
      certificate("tempo", "leaf", 4 * DAY),
      certificate("tempo", "leaf", 200),
      certificate("own root", "root", 31 * DAY),
    ],
  },
  CertificateExpired: {
    fires: one(certificate("tempo", "leaf", 200)),
    silent: one(certificate("tempo", "leaf", 400)),
  },
  CertificateEndsUnknown: {
    fires: one({ series: {}, at: "8m" }),
    silent: one({ ...certificate("tempo", "leaf", 90 * DAY), at: "8m" }),
  },
};
