import { bytesPerSecond, limitsOf } from "../config/capacity";
import { claimNeeds } from "../config/claims";
import { parseConfig, type StackConfig } from "../config/parse";
import type { ServiceName } from "../config/services";

const LOADS = [500, 2000, 10_000, 30_000, 50_000] as const;
const GI = 2 ** 30;
const DAY = 86_400;

/** A stack on a cluster that is to carry a load; claims are large enough for whatever it asks for. */
const configFor = (spansPerSecond: number, options: object): StackConfig =>
  parseConfig(
    {
      target: "kubernetes",
      kubernetes: {
        context: "example",
        volumes: { tempo: "900Ti", jaeger: "900Ti", loki: "900Ti", collector: "900Ti" },
      },
      jaeger: { enabled: false },
      capacity: {
        spansPerSecond,
        logLinesPerSecond: Math.ceil(spansPerSecond / 2),
        seriesPerSecond: spansPerSecond * 2,
      },
      ...options,
    },
    { stack: "sizing", environment: {} },
  );

const gib = (bytes: number) => `${(bytes / GI).toFixed(bytes < 10 * GI ? 1 : 0)} GiB`;

function limit(config: StackConfig, service: ServiceName): string {
  const { memory, cpus } = limitsOf(config, service);
  return `${gib(memory)}, ${cpus}`;
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

function limitsTable(): string {
  const services = ["tempo", "collector", "prometheus", "loki"] as const;
  return table(
    ["spans/s", ...services],
    LOADS.map((load) => {
      const config = configFor(load, {});
      return [load.toLocaleString("en"), ...services.map((service) => limit(config, service))];
    }),
  );
}

function tiersTable(): string {
  return table(
    ["spans/s", "collectors", "each collector", "each gateway (2)"],
    LOADS.slice(2).flatMap((load) =>
      [2, 3].map((collector) => {
        const config = configFor(load, { replicas: { collector }, sampling: { ratio: 0.1 } });
        return [
          load.toLocaleString("en"),
          String(collector),
          limit(config, "collector"),
          limit(config, "collector-gateway"),
        ];
      }),
    ),
  );
}

function disksTable(): string {
  const days = (seconds: number) => `${seconds / DAY} days`;
  const { retention, capacity } = configFor(LOADS[0], {});
  return table(
    [
      "spans/s",
      `queues (${capacity.outage / 60} min)`,
      `Tempo, all kept (${days(retention.traces)})`,
      "Tempo, one in ten kept",
      `Loki (${days(retention.logs)})`,
    ],
    LOADS.map((load) => {
      const all = configFor(load, {});
      const some = configFor(load, { sampling: { ratio: 0.1 } });
      const rate = bytesPerSecond(all);
      const queues = (rate.traces + rate.logs + rate.metrics) * all.capacity.outage;
      const need = (config: StackConfig, service: "tempo" | "loki") =>
        gib(claimNeeds(config)[service]?.bytes ?? 0);
      return [
        load.toLocaleString("en"),
        gib(queues),
        need(all, "tempo"),
        need(some, "tempo"),
        need(all, "loki"),
      ];
    }),
  );
}

/** The tables of docs/sizing.md, by the names of their places in it. */
export const sizingTables = (): Record<string, string> => ({
  limits: limitsTable(),
  tiers: tiersTable(),
  disks: disksTable(),
});
