import {
  counted,
  grows,
  ofReplica,
  one,
  sent,
  stands,
  TWO_TIERS,
  type RuleCases,
} from "./situations";

const queue = (what: string) =>
  `otelcol_exporter_queue_${what}{job="collector",exporter="otlp_grpc/tempo",data_type="traces"}`;

/** Alerts on targets and on the collector. */
export const collector: Record<string, RuleCases> = {
  "TargetDown critical": {
    fires: one({
      series: { 'up{job="tempo",instance="tempo:3200"}': "1x10 0x40" },
      at: "6m",
      labels: { service: "tempo", job: "tempo" },
    }),
    silent: [
      { what: "an application", series: { 'up{job="shop",instance="s:1"}': "0x40" }, at: "6m" },
      { what: "it is up", series: { 'up{job="tempo",instance="tempo:3200"}': "1x40" }, at: "6m" },
    ],
  },
  "TargetDown warning": {
    fires: one({
      series: { 'up{job="shop",instance="s:1"}': "0x40" },
      at: "6m",
      labels: { service: "shop" },
    }),
    silent: one({ series: { 'up{job="tempo",instance="tempo:3200"}': "0x40" }, at: "6m" }),
  },
  ...Object.fromEntries(
    [
      ["collector", "jaeger"],
      ["jaeger", "collector"],
      ["log-agent", "collector"],
      ["collector-gateway", "collector"],
    ].map(([job, other]): [string, RuleCases] => [
      `PushedMetricsAbsent ${job}`,
      {
        fires: one({
          series: {
            [`target_info{job="${job}"}`]: "1x10",
            [`target_info{job="${other}"}`]: "1x60",
          },
          at: "9m",
          labels: { service: job },
        }),
        silent: one({ series: { [`target_info{job="${job}"}`]: "1x60" }, at: "9m" }),
      },
    ]),
  ),

  CollectorPushesBack: {
    fires: ["spans", "log_records", "metric_points"].flatMap((signal) =>
      ["refused", "failed"].flatMap(
        (kind) =>
          counted([`otelcol_receiver_${kind}_${signal}_total{job="collector",receiver="otlp"}`], {
            labels: { receiver: "otlp" },
          }).fires,
      ),
    ),
    silent: [
      grows('otelcol_receiver_refused_spans_total{job="jaeger",receiver="otlp"}'),
      stands('otelcol_receiver_refused_spans_total{job="collector",receiver="otlp"}'),
      stands('otelcol_receiver_failed_metric_points_total{job="collector",receiver="otlp"}'),
    ],
  },
  CollectorExportStalls: {
    fires: [
      {
        series: { [queue("size")]: "0x10 5000x50", [sent("otlp_grpc/tempo")]: "100x60" },
        at: "8m",
        labels: { service: "tempo", exporter: "otlp_grpc/tempo" },
      },
      {
        what: "one replica of two",
        only: TWO_TIERS,
        series: {
          [ofReplica(0, queue("size"))]: "5000x60",
          [ofReplica(1, queue("size"))]: "5000x60",
          [ofReplica(0, sent("otlp_grpc/tempo"))]: "100x60",
          [ofReplica(1, sent("otlp_grpc/tempo"))]: "0+10x60",
        },
        at: "8m",
        labels: { instance: "collector-0" },
      },
    ],
    silent: [
      {
        what: "it delivers",
        series: { [queue("size")]: "5000x60", [sent("otlp_grpc/tempo")]: "0+10x60" },
        at: "8m",
      },
      {
        what: "it delivers metrics",
        series: {
          'otelcol_exporter_queue_size{job="collector",exporter="otlp_http/prometheus"}': "9x60",
          'otelcol_exporter_sent_metric_points_total{job="collector",exporter="otlp_http/prometheus"}':
            "0+10x60",
        },
        at: "8m",
      },
      {
        what: "it delivers logs",
        series: {
          'otelcol_exporter_queue_size{job="collector",exporter="otlp_http/loki"}': "9x60",
          'otelcol_exporter_sent_log_records_total{job="collector",exporter="otlp_http/loki"}':
            "0+10x60",
        },
        at: "8m",
      },
      {
        what: "nothing waits",
        series: { [queue("size")]: "0x60", [sent("otlp_grpc/tempo")]: "100x60" },
        at: "8m",
      },
    ],
  },
  CollectorQueueFills: {
    fires: one({
      series: { [queue("size")]: "600x60", [queue("capacity")]: "1000x60" },
      at: "5m",
      labels: { service: "tempo" },
    }),
    silent: one({
      series: { [queue("size")]: "400x60", [queue("capacity")]: "1000x60" },
      at: "5m",
    }),
  },
  CollectorLosesData: {
    fires: ["spans", "log_records", "metric_points"].flatMap(
      (signal) =>
        counted([
          `otelcol_exporter_send_failed_${signal}_total{job="collector",exporter="otlp_http/loki"}`,
        ]).fires,
    ),
    silent: [
      grows(sent("otlp_grpc/jaeger", "send_failed")),
      stands(sent("otlp_http/loki", "send_failed")),
    ],
  },
  CollectorDropsCopies: {
    fires: [
      ...counted([sent("otlp_grpc/jaeger", "enqueue_failed")], { labels: { service: "jaeger" } })
        .fires,
      ...counted([sent("otlp_http/vendor", "send_failed")], { labels: { service: "vendor" } })
        .fires,
      ...["log_records", "metric_points"].flatMap(
        (signal) =>
          counted([
            `otelcol_exporter_enqueue_failed_${signal}_total{job="collector",exporter="otlp_http/vendor"}`,
            `otelcol_exporter_send_failed_${signal}_total{job="collector",exporter="otlp_http/vendor"}`,
          ]).fires,
      ),
    ],
    silent: [
      grows(sent("otlp_grpc/tempo", "enqueue_failed")),
      stands(sent("otlp_http/vendor", "send_failed")),
    ],
  },
};
