import * as units from "@grafana/grafana-foundation-sdk/units";
import type { StackConfig } from "../../../config/parse";
import { AT_LOKI, AT_TEMPO, perSecond } from "../../collector/flow";
import { buildDashboard, type Row, type StackDashboard } from "../../grafana/dashboards/dashboard";
import { badAbove } from "../../grafana/dashboards/fields";
import { stat, timeSeries } from "../../grafana/dashboards/panels";
import { promInstant, promRange, promTable } from "../../grafana/dashboards/queries";
import { table } from "../../grafana/dashboards/tables";
import { RECORDED } from "../../prometheus/metric-names";
import { isEnabled } from "../connections";
import { CHOSEN_JOBS, ofChosenJobs, ownServiceVariables } from "./own-services";
import { memoryAgainstLimit } from "./processes";
import { reportedCosts } from "./reported-costs";

const CPU = ofChosenJobs(RECORDED.cpuUsed);
const MEMORY = ofChosenJobs(RECORDED.memoryUsed);
const LIMIT = ofChosenJobs(RECORDED.memoryLimit);

/** The host, as the collector sees it. */
const HOST = {
  cores: 'max(system_cpu_logical_count{job="collector"})',
  memory: 'max(system_memory_limit_bytes{job="collector"})',
};

const BYTES_AT_TEMPO = 'tempo_distributor_bytes_received_total{job="tempo"}';
const BYTES_AT_LOKI = 'loki_distributor_bytes_received_total{job="loki"}';
/** CPU of what a span keeps busy, in cores. Like the spans, it is counted over the whole window. */
function cpuOfTracing(config: StackConfig, window: string): string {
  const pushing = (["collector", "collector-gateway", "jaeger"] as const)
    .filter((service) => isEnabled(config, service))
    .join("|");
  return (
    `(${perSecond('process_cpu_seconds_total{job="tempo"}', window)} + ` +
    `${perSecond(`otelcol_process_cpu_seconds_total{job=~"${pushing}"}`, window)})`
  );
}

const per = (what: string, of: string, window: string) =>
  `${perSecond(what, window)} / ${perSecond(of, window)}`;

const summary = (config: StackConfig): Row => ({
  title: "Altogether",
  panels: [
    stat({
      title: "Share of the host's CPU",
      description: "What the chosen services take of all cores, on average over the time range.",
      unit: units.PercentUnit,
      queries: [promInstant(`sum(avg_over_time(${CPU}[$__range])) / ${HOST.cores}`)],
      decimals: 1,
      width: 4,
    }),
    stat({
      title: "Share of the host's memory",
      description: "What the processes of the chosen services hold of all memory, now.",
      unit: units.PercentUnit,
      queries: [promInstant(`sum(${MEMORY}) / ${HOST.memory}`)],
      decimals: 1,
      width: 4,
    }),
    stat({
      title: "Spans",
      description: "Spans per second that Tempo got, on average over the time range.",
      unit: units.CountsPerSecond,
      queries: [promInstant(perSecond(AT_TEMPO, "$__range"))],
      width: 4,
    }),
    stat({
      title: "Bytes of a span",
      description: "Bytes that Tempo got for each span, on average over the time range.",
      unit: units.BytesIEC,
      queries: [promInstant(per(BYTES_AT_TEMPO, AT_TEMPO, "$__range"))],
      width: 4,
    }),
    stat({
      title: "CPU of 1000 spans",
      description:
        "Time of a core that the collector and the stores of traces take for 1000 stored spans, with all " +
        "else that they do: the fewer spans, the higher it is.",
      unit: units.Seconds,
      queries: [
        promInstant(
          `1000 * ${cpuOfTracing(config, "$__range")} / ${perSecond(AT_TEMPO, "$__range")}`,
        ),
      ],
      width: 4,
    }),
    stat({
      title: "Bytes of a log line",
      description: "Bytes that Loki got for each line with its metadata, over the time range.",
      unit: units.BytesIEC,
      queries: [promInstant(per(BYTES_AT_LOKI, AT_LOKI, "$__range"))],
      width: 4,
    }),
  ],
});

const components = (config: StackConfig): Row => ({
  title: "Each component",
  panels: [
    timeSeries({
      title: "CPU by component",
      description: "Cores that each process takes.",
      unit: units.Short,
      queries: [promRange(CPU, { legend: "{{job}}" })],
      stacked: true,
      width: 8,
    }),
    timeSeries({
      title: "Memory by component",
      description: "Memory that each process holds and cannot give back.",
      unit: units.BytesIEC,
      queries: [promRange(MEMORY, { legend: "{{job}}" })],
      stacked: true,
      width: 8,
    }),
    memoryAgainstLimit(config, 8),
    table({
      title: "Components",
      description:
        "Each component over the time range: average CPU, most memory, its limit. Qdrant tells no " +
        "CPU of its own.",
      unit: units.Short,
      queries: [
        promTable(`sum by (job) (avg_over_time(${CPU}[$__range]))`),
        promTable(`sum by (job) (avg_over_time(${CPU}[$__range])) / scalar(${HOST.cores})`),
        promTable(`max by (job) (max_over_time(${MEMORY}[$__range]))`),
        promTable(`max by (job) (${LIMIT})`),
        promTable(`max by (job) (max_over_time(${MEMORY}[$__range])) / on (job) ${LIMIT}`),
      ],
      columns: [
        { field: "job", title: "Component" },
        { field: "Value #A", title: "Cores", unit: units.Short },
        { field: "Value #B", title: "Share of the host", unit: units.PercentUnit },
        { field: "Value #C", title: "Most memory", unit: units.BytesIEC },
        { field: "Value #D", title: "Limit", unit: units.BytesIEC },
        {
          field: "Value #E",
          title: "Of the limit",
          unit: units.PercentUnit,
          thresholds: badAbove(config.alerts.memory),
        },
      ],
      sortBy: "Cores",
      width: 24,
      height: 9,
    }),
  ],
});

const load = (config: StackConfig): Row => ({
  title: "For how much",
  panels: [
    timeSeries({
      title: "Spans, lines and samples",
      description: "What Tempo, Loki and Prometheus got per second.",
      unit: units.CountsPerSecond,
      queries: [
        promRange(perSecond(AT_TEMPO, "$__rate_interval"), { legend: "spans" }),
        promRange(perSecond(AT_LOKI, "$__rate_interval"), { legend: "log lines" }),
        promRange(
          perSecond(
            'prometheus_tsdb_head_samples_appended_total{job="prometheus"}',
            "$__rate_interval",
          ),
          { legend: "samples" },
        ),
      ],
      width: 8,
    }),
    timeSeries({
      title: "Bytes of traces and logs",
      description: "Bytes per second that Tempo and Loki got, before they compress them.",
      unit: units.BytesPerSecondIEC,
      queries: [
        promRange(perSecond(BYTES_AT_TEMPO, "$__rate_interval"), { legend: "traces" }),
        promRange(perSecond(BYTES_AT_LOKI, "$__rate_interval"), { legend: "logs" }),
      ],
      width: 8,
    }),
    timeSeries({
      title: "Bytes of a span and of a line",
      description: "Their size on average; it grows with attributes and stack traces.",
      unit: units.BytesIEC,
      queries: [
        promRange(per(BYTES_AT_TEMPO, AT_TEMPO, "$__rate_interval"), { legend: "span" }),
        promRange(per(BYTES_AT_LOKI, AT_LOKI, "$__rate_interval"), { legend: "log line" }),
      ],
      width: 8,
    }),
    timeSeries({
      title: "CPU of 1000 spans over time",
      description:
        "Time of a core that the collector and the stores of traces take for 1000 stored spans, over 5 minutes.",
      unit: units.Seconds,
      queries: [
        promRange(`1000 * ${cpuOfTracing(config, "5m")} / (${perSecond(AT_TEMPO, "5m")} > 0)`, {
          legend: "CPU of 1000 spans",
        }),
      ],
      width: 12,
    }),
    timeSeries({
      title: "Network of each component",
      description: "Bytes per second in and out of each container, as far as the services tell.",
      unit: units.BytesPerSecondIEC,
      queries: [
        promRange(
          `sum by (job) (rate(process_network_receive_bytes_total{${CHOSEN_JOBS}}[$__rate_interval]))`,
          { legend: "{{job}} in" },
        ),
        promRange(
          `sum by (job) (rate(process_network_transmit_bytes_total{${CHOSEN_JOBS}}[$__rate_interval]))`,
          { legend: "{{job}} out" },
        ),
      ],
      width: 12,
    }),
  ],
});

/** CPU, memory and bytes that the stack takes, and for how much. */
export function tracingCostsDashboard(config: StackConfig): StackDashboard {
  return buildDashboard(config, {
    name: "tracingCosts",
    description:
      "What the stack takes of the host, which component takes how much, for how many spans, " +
      "and what tracing costs inside the applications that report it.",
    variables: ownServiceVariables(),
    rows: [summary(config), components(config), load(config), reportedCosts(config)],
  });
}
