import { counted, grows, one, stands, type RuleCases } from "./situations";

/** Replicas of a job, each of which tells of itself all the while. */
const replicas = (job: string, count: number): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `target_info{job="${job}",instance="${job}-${index}"}`,
      "1x80",
    ]),
  );

const requests = (endpoint: string, success: boolean) =>
  `otelcol_loadbalancer_backend_outcome_total{job="collector-gateway",instance="g",endpoint="${endpoint}",success="${success}"}`;

const refused = (kind: string, signal: string, job = "collector-gateway") =>
  `otelcol_receiver_${kind}_${signal}_total{job="${job}",receiver="otlp"}`;

/** Alerts on the gateway, and on replicas that are missing. */
export const gateway: Record<string, RuleCases> = {
  GatewayPushesBack: {
    fires: ["spans", "log_records", "metric_points"].flatMap((signal) =>
      ["refused", "failed"].flatMap(
        (kind) => counted([refused(kind, signal)], { labels: { receiver: "otlp" } }).fires,
      ),
    ),
    silent: [grows(refused("refused", "spans", "collector")), stands(refused("refused", "spans"))],
  },
  GatewayHandoverFails: {
    fires: one({
      series: {
        [requests("10.0.0.1:4316", true)]: "0+10x60",
        [requests("10.0.0.2:4316", true)]: "90x60",
        [requests("10.0.0.2:4316", false)]: "0x20 0+1x40",
      },
      at: "10m",
      labels: { endpoint: "10.0.0.2:4316" },
    }),
    silent: [
      {
        what: "some requests fail",
        series: {
          [requests("10.0.0.1:4316", true)]: "0+10x60",
          [requests("10.0.0.1:4316", false)]: "0+1x60",
        },
        at: "10m",
      },
      {
        what: "a replica that went",
        series: { [requests("10.0.0.2:4316", false)]: "0+1x20 20x60" },
        at: "10m",
      },
    ],
  },
  ...Object.fromEntries(
    (
      [
        ["collector", 3],
        ["collector-gateway", 2],
      ] as const
    ).map(([job, count]): [string, RuleCases] => [
      `ReplicasMissing ${job}`,
      {
        fires: one({
          series: {
            ...replicas(job, count - 1),
            [`target_info{job="${job}",instance="${job}-${count - 1}"}`]: "1x8",
          },
          at: "15m",
          labels: { service: job },
        }),
        silent: [
          { what: "all are there", series: replicas(job, count), at: "15m" },
          {
            what: "one was there a moment ago",
            series: {
              ...replicas(job, count - 1),
              [`target_info{job="${job}",instance="${job}-${count - 1}"}`]: "1x40",
            },
            at: "15m",
          },
        ],
      },
    ]),
  ),
};
