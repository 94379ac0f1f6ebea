import { counted, failing, grows, holds, one, sent, stands, type RuleCases } from "./situations";

/** Alerts on the other services. */
export const others: Record<string, RuleCases> = {
  JaegerSpansLost: {
    fires: [
      'otelcol_exporter_send_failed_spans_total{job="jaeger",exporter="jaeger_storage_exporter"}',
      'otelcol_receiver_refused_spans_total{job="jaeger",receiver="otlp"}',
    ].map((series) => ({ what: series, series: { [series]: "0+1x60" }, at: "12m" })),
    silent: one({
      series: { [sent("otlp_grpc/jaeger", "send_failed")]: "0+1x60" },
      at: "12m",
    }),
  },

  QdrantRecoveryMode: {
    fires: one(holds('app_status_recovery_mode{job="qdrant"}', 1, "5m")),
    silent: one(holds('app_status_recovery_mode{job="qdrant"}', 0, "5m")),
  },
  QdrantReplicasDead: {
    fires: one(holds('collection_dead_replicas{job="qdrant"}', 1, "8m")),
    silent: one(holds('collection_dead_replicas{job="qdrant"}', 0, "8m")),
  },
  QdrantOptimisationsStuck: {
    fires: one({
      ...holds('collection_running_optimizations{job="qdrant",id="docs"}', 1, "2h10m"),
      labels: { id: "docs" },
    }),
    silent: [
      {
        what: "a pause",
        series: {
          'collection_running_optimizations{job="qdrant",id="docs"}': "1x300 0x4 1x300",
        },
        at: "2h10m",
      },
      {
        what: "an import of an hour",
        series: { 'collection_running_optimizations{job="qdrant",id="docs"}': "_x240 1x300" },
        at: "2h10m",
      },
    ],
  },
  QdrantUpdatesPile: {
    fires: one({
      ...holds('collection_update_queue_length{job="qdrant",id="docs"}', 1100, "15m"),
      labels: { id: "docs" },
    }),
    silent: one(holds('collection_update_queue_length{job="qdrant",id="docs"}', 900, "15m")),
  },
  QdrantRequestsFail: failing("rest_responses_total", '{job="qdrant",status="STATUS"}', 5),

  AlertDeliveryFails: counted(
    [
      'alertmanager_notifications_failed_total{receiver_name="chat",integration="webhook",reason="serverError"}',
    ],
    { wait: 2, labels: { receiver_name: "chat", reason: "serverError" } },
  ),
  "ReplicasMissing grafana": {
    fires: [
      {
        what: "one has no address any more",
        series: {
          'up{job="grafana",instance="10.0.0.1:3000"}': "1x60",
          'up{job="grafana",instance="10.0.0.2:3000"}': "1x8",
        },
        at: "12m",
        labels: { service: "grafana" },
      },
      { what: "none has", series: { 'up{job="tempo",instance="t:1"}': "1x60" }, at: "12m" },
    ],
    silent: [
      {
        what: "both are there, one of them down: that is another alert",
        series: {
          'up{job="grafana",instance="10.0.0.1:3000"}': "1x60",
          'up{job="grafana",instance="10.0.0.2:3000"}': "0x60",
        },
        at: "12m",
      },
      {
        what: "one took another's place",
        series: {
          'up{job="grafana",instance="10.0.0.1:3000"}': "1x60",
          'up{job="grafana",instance="10.0.0.2:3000"}': "1x24",
          'up{job="grafana",instance="10.0.0.3:3000"}': "_x24 1x36",
        },
        at: "12m",
      },
    ],
  },
  GrafanaRequestsFail: failing(
    "grafana_http_request_duration_seconds_count",
    '{job="grafana",status_code="STATUS"}',
    10,
  ),
  ContainerLogsAbsent: {
    fires: [
      {
        what: "it read nothing",
        series: {
          'otelcol_receiver_accepted_log_records_total{job="log-agent"}': "100x200",
          'target_info{job="log-agent"}': "1x200",
        },
        at: "30m",
      },
      {
        what: "it never read anything",
        series: { 'target_info{job="log-agent"}': "1x200" },
        at: "30m",
      },
    ],
    silent: one({
      series: {
        'otelcol_receiver_accepted_log_records_total{job="log-agent"}': "0+5x200",
        'target_info{job="log-agent"}': "1x200",
      },
      at: "30m",
    }),
  },
  ContainerLogsLost: {
    fires: counted(['otelcol_exporter_send_failed_log_records_total{job="log-agent"}']).fires,
    silent: [
      grows('otelcol_exporter_send_failed_log_records_total{job="collector"}'),
      stands('otelcol_exporter_send_failed_log_records_total{job="log-agent"}'),
    ],
  },
};
