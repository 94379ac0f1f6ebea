import type { StackConfig } from "../../config/parse";
import { goDuration } from "../../config/units";
import { enabledServices } from "../stack/connections";
import { PUSHING_JOBS, SPAN_LABELS, SPAN_METRICS, SPAN_VALUES, TARGET_INFO } from "./metric-names";
import type { AlertRule, RuleGroup } from "./rule-group";

const { service, kind, status } = SPAN_LABELS;
const ENTRY_SPANS = `${kind}=~"${SPAN_VALUES.entryKinds.join("|")}"`;

function spanRules({ alerts }: StackConfig): RuleGroup {
  const window = goDuration(alerts.lookback);
  const rate = (metric: string, ...matchers: string[]) =>
    `rate(${metric}{${[ENTRY_SPANS, ...matchers].join(",")}}[${window}])`;
  const failed = rate(SPAN_METRICS.calls, `${status}="${SPAN_VALUES.error}"`);
  return {
    name: "applications",
    rules: [
      {
        alert: "ServiceLatencyHigh",
        expr:
          `histogram_quantile(0.95, sum by (le, ${service}) ` +
          `(${rate(SPAN_METRICS.durationBucket)})) > ${alerts.latency}`,
        forSeconds: alerts.interval,
        labels: { severity: "warning" },
        annotations: {
          summary: `{{ $labels.${service} }} is slow: p95 is {{ $value | humanizeDuration }}`,
          description:
            `95 of 100 requests took longer than ${goDuration(alerts.latency)} in the last ` +
            `${window}. Its slow traces: TraceQL { resource.service.name = ` +
            `"{{ $labels.${service} }}" && duration > ${goDuration(alerts.latency)} }.`,
        },
      },
      {
        alert: "ServiceErrorRateHigh",
        expr:
          `sum by (${service}) (${failed}) / sum by (${service}) ` +
          `(${rate(SPAN_METRICS.calls)}) > ${alerts.errorRate}`,
        forSeconds: alerts.interval,
        labels: { severity: "critical" },
        annotations: {
          summary: `{{ $labels.${service} }} fails: {{ $value | humanizePercentage }} of requests`,
          description:
            `More than ${alerts.errorRate * 100} % of its requests failed in the last ${window}. ` +
            `Its failed traces: TraceQL { resource.service.name = ` +
            `"{{ $labels.${service} }}" && status = error }.`,
        },
      },
      {
        // Grafana's service map asks for this name, which Tempo's generator would write.
        record: SPAN_METRICS.grafanaDurationBucket,
        expr: SPAN_METRICS.durationBucket,
      },
    ],
  };
}

/** A service that pushes its metrics has no `up`: its series must be fresh. */
function absence(pusher: string, job: string): AlertRule {
  return {
    alert: "PushedMetricsAbsent",
    expr: `absent_over_time(${TARGET_INFO}{job="${job}"}[5m])`,
    labels: { severity: "critical", service: pusher },
    annotations: {
      summary: `No metrics from ${pusher} for 5 minutes`,
      description:
        `${pusher} pushes its own metrics. Either it does not run, or it cannot reach ` +
        "Prometheus: its log says which.",
    },
  };
}

function metricRules(config: StackConfig): RuleGroup {
  const pushers = enabledServices(config).flatMap((name) => {
    const job = PUSHING_JOBS[name];
    return job === undefined ? [] : [absence(name, job)];
  });
  return {
    name: "prometheus",
    rules: [
      {
        alert: "TargetDown",
        expr: "up == 0",
        forSeconds: 120,
        labels: { severity: "critical" },
        annotations: {
          summary: "{{ $labels.job }} at {{ $labels.instance }} cannot be scraped",
          description:
            "It does not run, or the connection is refused: the page Status > Target health of " +
            "Prometheus has the error.",
        },
      },
      ...pushers,
      {
        alert: "PrometheusRuleFailures",
        expr: "increase(prometheus_rule_evaluation_failures_total[5m]) > 0",
        forSeconds: 300,
        labels: { severity: "warning" },
        annotations: {
          summary: "Rules of {{ $labels.rule_group }} fail",
          description: "Alerts of this group cannot fire. Prometheus' log has the error.",
        },
      },
      {
        alert: "PrometheusNotificationsDropped",
        expr: "increase(prometheus_notifications_dropped_total[5m]) > 0",
        labels: { severity: "warning" },
        annotations: {
          summary: "Prometheus could not deliver alerts to Alertmanager",
          description: "Alertmanager is away or refuses Prometheus' certificate.",
        },
      },
      {
        alert: "PrometheusSamplesTooOld",
        expr:
          "increase(prometheus_tsdb_too_old_samples_total[10m]) > 0 " +
          "or increase(prometheus_tsdb_out_of_bound_samples_total[10m]) > 0",
        labels: { severity: "warning" },
        annotations: {
          summary: "Samples came too late and were dropped",
          description:
            "A sender was away for longer than `capacity.outage`; what it queued before is lost.",
        },
      },
    ],
  };
}

/** Alerts of applications, from their spans, and of the metrics' own way. */
export function prometheusRules(config: StackConfig): RuleGroup[] {
  return [spanRules(config), metricRules(config)];
}
