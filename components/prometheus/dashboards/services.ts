import * as units from "@grafana/grafana-foundation-sdk/units";
import type { StackConfig } from "../../../config/parse";
import { goDuration } from "../../../config/units";
import { buildDashboard, type Row, type StackDashboard } from "../../grafana/dashboards/dashboard";
import { badAbove } from "../../grafana/dashboards/fields";
import { dataLink, ofField, ofLabel } from "../../grafana/dashboards/links";
import { heatmap, stat, timeSeries } from "../../grafana/dashboards/panels";
import { promHeatmap, promInstant, promRange, promTable } from "../../grafana/dashboards/queries";
import { table, type Column } from "../../grafana/dashboards/tables";
import { SPAN_LABELS } from "../metric-names";
import {
  callRate,
  CHOSEN,
  durationBuckets,
  durationQuantile,
  durationsWithExemplars,
  failedShare,
  kindVariable,
  operationVariable,
  OVER_RANGE,
  OVER_TIME,
  spanVariables,
} from "./spans";

const { service, span } = SPAN_LABELS;
const OPERATION = `${CHOSEN}, ${span}=~"$operation"`;
const BY_OPERATION = `${service}, ${span}`;

const slow = ({ alerts }: StackConfig) => badAbove(alerts.latency);
const failing = ({ alerts }: StackConfig) => badAbove(alerts.errorRate);

/** From a series of a service to the other dashboards about it. */
const linksOfService = () => [
  dataLink("serviceMap", "Its callers and callees", { service: ofLabel(service) }),
  dataLink("traceSearch", "Its traces", { service: ofLabel(service) }),
  dataLink("logs", "Its logs", { service: ofLabel(service) }),
];

function summary(config: StackConfig): Row {
  return {
    title: "The chosen services together",
    panels: [
      stat({
        title: "Requests",
        description: "Spans per second over the time range, counted before sampling.",
        unit: units.RequestsPerSecond,
        queries: [promInstant(`sum(${callRate(service, CHOSEN, OVER_RANGE)})`)],
        width: 6,
      }),
      stat({
        title: "Failed",
        description: `Share of spans with status error. Red above the alert's ${config.alerts.errorRate * 100} %.`,
        unit: units.PercentUnit,
        queries: [promInstant(failedShare("", CHOSEN, OVER_RANGE))],
        thresholds: failing(config),
        width: 6,
      }),
      stat({
        title: "p95 of durations",
        description: `95 of 100 spans were faster. Red above the alert's ${goDuration(config.alerts.latency)}.`,
        unit: units.Seconds,
        queries: [promInstant(durationQuantile(0.95, "", CHOSEN, OVER_RANGE))],
        thresholds: slow(config),
        width: 6,
      }),
      stat({
        title: "Services",
        description: "Chosen services that sent spans in the time range.",
        unit: units.Short,
        queries: [promInstant(`count(${callRate(service, CHOSEN, OVER_RANGE)} > 0)`)],
        width: 6,
      }),
    ],
  };
}

function byService(config: StackConfig): Row {
  return {
    title: "Rate, errors and durations",
    panels: [
      timeSeries({
        title: "Requests by service",
        description: "Spans per second, counted before sampling.",
        unit: units.RequestsPerSecond,
        queries: [promRange(callRate(service, CHOSEN, OVER_TIME), { legend: `{{${service}}}` })],
        links: linksOfService(),
        width: 8,
      }),
      timeSeries({
        title: "Failed share by service",
        description: `Share of spans with status error. The line is the alert's ${config.alerts.errorRate * 100} %.`,
        unit: units.PercentUnit,
        queries: [promRange(failedShare(service, CHOSEN, OVER_TIME), { legend: `{{${service}}}` })],
        thresholds: failing(config),
        links: linksOfService(),
        width: 8,
      }),
      timeSeries({
        title: "p95 by service",
        description: `95 of 100 spans were faster. The line is the alert's ${goDuration(config.alerts.latency)}.`,
        unit: units.Seconds,
        queries: [
          promRange(durationQuantile(0.95, service, CHOSEN, OVER_TIME), {
            legend: `{{${service}}}`,
          }),
        ],
        thresholds: slow(config),
        links: linksOfService(),
        width: 8,
      }),
      timeSeries({
        title: "Durations with exemplars",
        description:
          "Percentiles of the chosen services; each dot is a span, and leads to its trace.",
        unit: units.Seconds,
        queries: durationsWithExemplars(config, [0.5, 0.9, 0.95, 0.99], CHOSEN),
        thresholds: slow(config),
        width: 12,
        height: 9,
      }),
      heatmap({
        title: "Durations as a heat map",
        description:
          "Spans per second in each bucket of durations: two bands are two kinds of requests.",
        unit: units.Seconds,
        cellUnit: units.RequestsPerSecond,
        queries: [promHeatmap(durationBuckets(CHOSEN))],
        width: 12,
        height: 9,
      }),
    ],
  };
}

/** The columns that name an operation, with links to more about it. */
function nameColumns(): Column[] {
  const variables = { service: ofField(service), operation: ofField(span) };
  return [
    {
      field: service,
      title: "Service",
      links: [
        dataLink("services", "This service alone", { service: ofField(service) }),
        dataLink("serviceMap", "Its callers and callees", { service: ofField(service) }),
        dataLink("logs", "Its logs", { service: ofField(service) }),
      ],
    },
    {
      field: span,
      title: "Operation",
      links: [
        dataLink("services", "This operation alone", variables),
        dataLink("traceSearch", "Its traces", variables),
      ],
    },
  ];
}

function allOperations(config: StackConfig) {
  const quantile = (share: number) =>
    promTable(durationQuantile(share, BY_OPERATION, OPERATION, OVER_RANGE));
  return table({
    title: "All operations",
    description: "Every operation of the chosen services over the time range.",
    unit: units.Seconds,
    queries: [
      promTable(callRate(BY_OPERATION, OPERATION, OVER_RANGE)),
      promTable(failedShare(BY_OPERATION, OPERATION, OVER_RANGE)),
      quantile(0.5),
      quantile(0.95),
      quantile(0.99),
    ],
    columns: [
      ...nameColumns(),
      { field: "Value #A", title: "Requests", unit: units.RequestsPerSecond },
      {
        field: "Value #B",
        title: "Failed",
        unit: units.PercentUnit,
        thresholds: failing(config),
      },
      { field: "Value #C", title: "p50", unit: units.Seconds },
      { field: "Value #D", title: "p95", unit: units.Seconds, thresholds: slow(config) },
      { field: "Value #E", title: "p99", unit: units.Seconds },
    ],
    sortBy: "Requests",
    width: 24,
    height: 10,
  });
}

function operations(config: StackConfig): Row {
  const p95 = durationQuantile(0.95, BY_OPERATION, OPERATION, OVER_RANGE);
  const failed = failedShare(BY_OPERATION, OPERATION, OVER_RANGE);
  return {
    title: "Operations",
    panels: [
      table({
        title: "Slowest operations",
        description: "The ten operations with the highest p95 over the time range.",
        unit: units.Seconds,
        queries: [promTable(`topk(10, ${p95} > 0)`)],
        columns: [
          ...nameColumns(),
          { field: "Value", title: "p95", unit: units.Seconds, thresholds: slow(config) },
        ],
        sortBy: "p95",
        width: 12,
        height: 10,
      }),
      table({
        title: "Most failing operations",
        description:
          "The ten operations with the highest share of failed spans over the time range.",
        unit: units.PercentUnit,
        queries: [promTable(`topk(10, ${failed} > 0)`)],
        columns: [
          ...nameColumns(),
          {
            field: "Value",
            title: "Failed",
            unit: units.PercentUnit,
            thresholds: failing(config),
          },
        ],
        sortBy: "Failed",
        noValue: "No span failed in the time range.",
        width: 12,
        height: 10,
      }),
      allOperations(config),
      timeSeries({
        title: "Requests by operation",
        description: "Spans per second of the ten busiest operations.",
        unit: units.RequestsPerSecond,
        queries: [
          promRange(`topk(10, ${callRate(BY_OPERATION, OPERATION, OVER_TIME)})`, {
            legend: `{{${service}}}: {{${span}}}`,
          }),
        ],
        width: 8,
      }),
      timeSeries({
        title: "Failed share by operation",
        description: "Share of spans with status error; the ten operations with the highest.",
        unit: units.PercentUnit,
        queries: [
          promRange(`topk(10, ${failedShare(BY_OPERATION, OPERATION, OVER_TIME)})`, {
            legend: `{{${service}}}: {{${span}}}`,
          }),
        ],
        thresholds: failing(config),
        width: 8,
      }),
      timeSeries({
        title: "p95 by operation",
        description: "95 of 100 spans were faster; the ten slowest operations.",
        unit: units.Seconds,
        queries: [
          promRange(`topk(10, ${durationQuantile(0.95, BY_OPERATION, OPERATION, OVER_TIME)})`, {
            legend: `{{${service}}}: {{${span}}}`,
          }),
        ],
        thresholds: slow(config),
        width: 8,
      }),
    ],
  };
}

/** Rate, errors and durations of applications, from all their spans. */
export function servicesDashboard(config: StackConfig): StackDashboard {
  return buildDashboard(config, {
    name: "services",
    description:
      "How many requests each service and operation answers, how many fail, how long they take.",
    variables: [...spanVariables(), kindVariable(), operationVariable(CHOSEN)],
    rows: [summary(config), byService(config), operations(config)],
  });
}
