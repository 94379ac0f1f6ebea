import { counted, grows, holds, one, stands, type RuleCases } from "./situations";

/** Alerts on Prometheus itself. */
export const prometheus: Record<string, RuleCases> = {
  PrometheusRefusesPushes: {
    fires: counted(
      ["400", "503"].map(
        (code) =>
          `prometheus_http_requests_total{handler="/api/v1/otlp/v1/metrics",code="${code}"}`,
      ),
    ).fires,
    silent: [
      grows('prometheus_http_requests_total{handler="/api/v1/otlp/v1/metrics",code="200"}'),
      grows('prometheus_http_requests_total{handler="/api/v1/query",code="400"}'),
      stands('prometheus_http_requests_total{handler="/api/v1/otlp/v1/metrics",code="400"}'),
    ],
  },
  PrometheusSamplesTooOld: counted(
    ["too_old", "out_of_bound"].map(
      (kind) => `prometheus_tsdb_${kind}_samples_total{type="float"}`,
    ),
    { window: 10 },
  ),
  PrometheusCompactionFails: counted(
    ["compactions_failed", "head_truncations_failed", "checkpoint_creations_failed"].map(
      (kind) => `prometheus_tsdb_${kind}_total`,
    ),
    { window: 30 },
  ),
  PrometheusWalCorrupt: counted(
    ["wal", "mmap_chunk"].map((kind) => `prometheus_tsdb_${kind}_corruptions_total`),
    { window: 60 },
  ),
  PrometheusRuleFailures: {
    fires: one({
      series: { 'prometheus_rule_evaluation_failures_total{rule_group="r.yml;tempo"}': "0+1x60" },
      at: "12m",
    }),
    silent: one(stands('prometheus_rule_evaluation_failures_total{rule_group="r.yml;tempo"}')),
  },
  PrometheusReloadFails: {
    fires: one(holds("prometheus_config_last_reload_successful", 0, "5m")),
    silent: one(holds("prometheus_config_last_reload_successful", 1, "5m")),
  },
  PrometheusNotificationsDropped: counted([
    'prometheus_notifications_dropped_total{alertmanager="a:9093"}',
  ]),
  Watchdog: { fires: one({ series: {}, at: "1m" }), silent: [] },
};
