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
