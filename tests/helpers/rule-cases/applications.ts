import { counted, grows, holds, isBorn, one, stands, startOf, type RuleCases } from "./situations";

const calls = (labels: string) =>
  `traces_spanmetrics_calls_total{service_name="shop",span_kind="SPAN_KIND_SERVER",${labels}}`;
const bucket = (le: string) =>
  `traces_spanmetrics_duration_seconds_bucket{service_name="shop",span_kind="SPAN_KIND_SERVER",le="${le}"}`;

/** Alerts on what applications do and report. */
export const applications: Record<string, RuleCases> = {
  ServiceLatencyHigh: {
    fires: one({
      series: { [bucket("1")]: "0+90x40", [bucket("2")]: "0+100x40", [bucket("+Inf")]: "0+100x40" },
      at: "5m",
      labels: { service_name: "shop" },
    }),
    silent: one({
      series: { [bucket("1")]: "0+96x40", [bucket("2")]: "0+100x40", [bucket("+Inf")]: "0+100x40" },
      at: "5m",
    }),
  },
  ServiceErrorRateHigh: {
    fires: one({
      series: {
        [calls('status_code="STATUS_CODE_ERROR"')]: "0+6x40",
        [calls('status_code="STATUS_CODE_UNSET"')]: "0+94x40",
      },
      at: "5m",
      labels: { service_name: "shop" },
    }),
    silent: one({
      series: {
        [calls('status_code="STATUS_CODE_ERROR"')]: "0+4x40",
        [calls('status_code="STATUS_CODE_UNSET"')]: "0+96x40",
      },
      at: "5m",
    }),
  },
  ServiceTrafficGone: {
    fires: [
      {
        what: "an hour of requests, then none",
        series: {
          [calls('span_name="GET /"')]: "0+1x240 240x80",
          [startOf("prometheus")]: "0x400",
        },
        at: "75m",
        labels: { service: "shop", service_name: "shop" },
      },
      {
        what: "the counter is no longer there",
        series: { [calls('span_name="GET /"')]: "0+1x240", [startOf("prometheus")]: "0x400" },
        at: "75m",
      },
    ],
    silent: [
      {
        what: "requests go on",
        series: { [calls('span_name="GET /"')]: "0+1x320", [startOf("prometheus")]: "0x400" },
        at: "75m",
      },
      {
        what: "few requests before",
        series: {
          [calls('span_name="GET /"')]: "0x100 1x20 2x20 3x200",
          [startOf("prometheus")]: "0x400",
        },
        at: "75m",
      },
      {
        what: "one operation went silent, another is new",
        series: {
          [calls('span_name="GET /"')]: "0+1x240 240x80",
          [calls('span_name="GET /v2"')]: "_x290 1x40",
          [startOf("prometheus")]: "0x400",
        },
        at: "75m",
      },
      {
        what: "Prometheus was away",
        series: { [calls('span_name="GET /"')]: "0+1x240", [startOf("prometheus")]: "4300x400" },
        at: "75m",
      },
    ],
  },
  ApplicationCpuHigh: {
    fires: one(holds('process_cpu_percent{job="shop"}', 81, "8m")),
    silent: one(holds('process_cpu_percent{job="shop"}', 79, "8m")),
  },
  ApplicationMemoryHigh: {
    fires: one(holds('process_memory_bytes{job="shop"}', 2.2e9, "8m")),
    silent: one(holds('process_memory_bytes{job="shop"}', 2.1e9, "8m")),
  },
  "TracingOverheadHigh cpu": {
    fires: one(holds('tracing_cpu_overhead_percent{job="shop"}', 5.5, "8m")),
    silent: one(holds('tracing_cpu_overhead_percent{job="shop"}', 4.5, "8m")),
  },
  "TracingOverheadHigh memory": {
    fires: one(holds('tracing_memory_overhead_bytes{job="shop"}', 1.4e8, "8m")),
    silent: one(holds('tracing_memory_overhead_bytes{job="shop"}', 1.3e8, "8m")),
  },
  TraceAnomaliesGrow: counted(['trace_anomalies_total{job="shop",type="latency"}'], {
    labels: { job: "shop", type: "latency" },
  }),
  TraceChecksFail: {
    fires: ["failure", "error"].flatMap((status) => {
      const series = `trace_alert_checks_total{job="shop",status="${status}"}`;
      const growth = { window: 15, labels: { job: "shop", status } };
      return [grows(series, growth), isBorn(series, growth)];
    }),
    silent: [
      grows('trace_alert_checks_total{job="shop",status="success"}', { window: 15 }),
      stands('trace_alert_checks_total{job="shop",status="error"}', { window: 15 }),
    ],
  },
};
