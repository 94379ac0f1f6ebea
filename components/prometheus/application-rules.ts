import type { StackConfig } from "../../config/parse";
import { goDuration, sizeText } from "../../config/units";
import { grew, runsLonger } from "./expressions";
import { SPAN_LABELS, SPAN_METRICS, SPAN_VALUES } from "./metric-names";
import type { AlertRule, RuleGroup } from "./rule-group";

const { service, kind, status } = SPAN_LABELS;
const ENTRY_SPANS = `${kind}=~"${SPAN_VALUES.entryKinds.join("|")}"`;
const CALLS = `${SPAN_METRICS.calls}{${ENTRY_SPANS}}`;

const percent = (share: number) => `${Math.round(share * 1000) / 10} %`;

function latencyAndErrors({ alerts }: StackConfig): AlertRule[] {
  const window = goDuration(alerts.lookback);
  const threshold = goDuration(alerts.latency);
  const rate = (metric: string, ...matchers: string[]) =>
    `rate(${metric}{${[ENTRY_SPANS, ...matchers].join(",")}}[${window}])`;
  const failed = rate(SPAN_METRICS.calls, `${status}="${SPAN_VALUES.error}"`);
  return [
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
          `95 of 100 requests took up to {{ $value | humanizeDuration }} in the last ${window}; ` +
          `${threshold} is the threshold. Its slow traces: TraceQL { resource.service.name = ` +
          `"{{ $labels.${service} }}" && duration > ${threshold} }.`,
      },
      when: `p95 of a service's requests above ${threshold} in the last ${window}`,
      options: ["alerts.latency", "alerts.lookback"],
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
          `More than ${percent(alerts.errorRate)} of its requests failed in the last ${window}. ` +
          `Its failed traces: TraceQL { resource.service.name = ` +
          `"{{ $labels.${service} }}" && status = error }.`,
      },
      when: `more than ${percent(alerts.errorRate)} of a service's requests failed in the last ${window}`,
      options: ["alerts.errorRate", "alerts.lookback"],
    },
  ];
}

function trafficGone({ alerts: { traffic } }: StackConfig): AlertRule {
  const silence = goDuration(traffic.silence);
  const before = `sum by (${service}) (increase(${CALLS}[1h] offset ${silence}))`;
  return {
    alert: "ServiceTrafficGone",
    expr:
      `${before} >= ${traffic.least} unless sum by (${service}) (${grew(CALLS, silence)}) ` +
      // Where nothing could be counted, nothing is missing.
      `and ${runsLonger("prometheus", traffic.silence)}`,
    labels: { severity: "warning", service: `{{ $labels.${service} }}` },
    annotations: {
      summary: `{{ $labels.${service} }} has had no request for ${silence}`,
      description:
        'In the hour before it had {{ printf "%.0f" $value }}. Either nobody calls it any more, or it ' +
        "is down, or its traces do not arrive. The alert ends by itself within the hour.",
    },
    when: `no request of a service for ${silence}, after at least ${traffic.least} in the hour before`,
    options: ["alerts.traffic.silence", "alerts.traffic.least"],
  };
}

/** Alerts of applications, from their spans. */
export function spanRules(config: StackConfig): RuleGroup {
  return {
    name: "applications",
    source: "the collector's counters of all spans",
    rules: [
      ...latencyAndErrors(config),
      trafficGone(config),
      {
        // Grafana's service map asks for this name, which Tempo's generator would write.
        record: SPAN_METRICS.grafanaDurationBucket,
        expr: SPAN_METRICS.durationBucket,
      },
    ],
  };
}

function overheads({ alerts: { applications } }: StackConfig): AlertRule[] {
  const common = { alert: "TracingOverheadHigh", forSeconds: 300 };
  const description =
    "Lower its sampling, or the number of spans and attributes that it makes for a request.";
  return [
    {
      ...common,
      expr: `tracing_cpu_overhead_percent > ${applications.tracingCpu}`,
      labels: { severity: "warning", resource: "cpu" },
      annotations: {
        summary: "Tracing costs {{ $labels.job }} {{ $value | humanize }} % of a core",
        description,
      },
      when: `tracing takes more than ${applications.tracingCpu} % of a core for 5 minutes`,
      options: ["alerts.applications.tracingCpu"],
    },
    {
      ...common,
      expr: `tracing_memory_overhead_bytes > ${applications.tracingMemory}`,
      labels: { severity: "warning", resource: "memory" },
      annotations: {
        summary: "Tracing costs {{ $labels.job }} {{ $value | humanize1024 }}B of memory",
        description,
      },
      when: `tracing takes more than ${sizeText(applications.tracingMemory)} for 5 minutes`,
      options: ["alerts.applications.tracingMemory"],
    },
  ];
}

function anomalies(): AlertRule[] {
  return [
    {
      alert: "TraceAnomaliesGrow",
      expr: `sum by (job, type) ${grew("trace_anomalies_total")}`,
      labels: { severity: "warning" },
      annotations: {
        summary: "{{ $labels.job }} found {{ $value | humanize }} anomalies: {{ $labels.type }}",
        description: "Its own alerter found them in its traces within the last 5 minutes.",
      },
      when: "an application's alerter counted an anomaly in the last 5 minutes",
    },
    {
      alert: "TraceChecksFail",
      expr: `sum by (job, status) ${grew('trace_alert_checks_total{status=~"failure|error"}', "15m")}`,
      forSeconds: 60,
      labels: { severity: "warning", service: "tempo" },
      annotations: {
        summary: "{{ $value | humanize }} checks of {{ $labels.job }}'s alerter failed",
        description:
          "It queries Tempo by itself, and while it cannot, it finds nothing. It needs `reads: " +
          "[tempo]` and the certificate that comes with it.",
      },
      when: "checks of an application's own alerter failed in the last 15 minutes",
    },
  ];
}

/** Alerts on what applications report of themselves, scraped or sent over OTLP. */
export function applicationRules(config: StackConfig): RuleGroup {
  const { cpu, memory } = config.alerts.applications;
  return {
    name: "application-reports",
    source: "metrics of applications that report them",
    rules: [
      {
        alert: "ApplicationCpuHigh",
        expr: `process_cpu_percent > ${cpu}`,
        forSeconds: 300,
        labels: { severity: "warning" },
        annotations: {
          summary: "{{ $labels.job }} uses {{ $value | humanize }} % of a core",
          description: `It did for 5 minutes; ${cpu} % is the threshold.`,
        },
        when: `an application uses more than ${cpu} % of a core for 5 minutes`,
        options: ["alerts.applications.cpu"],
      },
      {
        alert: "ApplicationMemoryHigh",
        expr: `process_memory_bytes > ${memory}`,
        forSeconds: 300,
        labels: { severity: "warning" },
        annotations: {
          summary: "{{ $labels.job }} uses {{ $value | humanize1024 }}B of memory",
          description: `It did for 5 minutes; ${sizeText(memory)} is the threshold.`,
        },
        when: `an application uses more than ${sizeText(memory)} of memory for 5 minutes`,
        options: ["alerts.applications.memory"],
      },
      ...overheads(config),
      ...anomalies(),
    ],
  };
}
