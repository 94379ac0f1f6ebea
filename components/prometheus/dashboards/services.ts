import * as units from "@grafana/grafana-foundation-sdk/units";
import type { StackConfig } from "../../../config/parse";
import { goDuration } from "../../../config/units";
import { buildDashboard, type Row, type StackDashboard } from "../../grafana/dashboards/dashboard";
import { badAbove, percent } from "../../grafana/dashboards/fields";
import { dataLink, ofLabel } from "../../grafana/dashboards/links";
import { heatmap, stat, timeSeries } from "../../grafana/dashboards/panels";
import {
  OVER_RANGE,
  OVER_TIME,
  promHeatmap,
  promInstant,
  promRange,
} from "../../grafana/dashboards/queries";
import { SPAN_LABELS } from "../metric-names";
import { operationsRow } from "./operations";
import {
  callRate,
  CHOSEN,
  durationBuckets,
  durationQuantile,
  durationsWithExemplars,
  failedShare,
  kindVariable,
  operationVariable,
  spanVariables,
} from "./spans";

const { service } = SPAN_LABELS;

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
        description: `Share of spans with status error. Red above the alert's ${percent(config.alerts.errorRate)}.`,
        unit: units.PercentUnit,
        queries: [promInstant(failedShare("", CHOSEN, OVER_RANGE))],
        thresholds: badAbove(config.alerts.errorRate),
        width: 6,
      }),
      stat({
        title: "p95 of durations",
        description: `95 of 100 spans were faster. Red above the alert's ${goDuration(config.alerts.latency)}.`,
        unit: units.Seconds,
        queries: [promInstant(durationQuantile(0.95, "", CHOSEN, OVER_RANGE))],
        thresholds: badAbove(config.alerts.latency),
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
        description: `Share of spans with status error. The line is the alert's ${percent(config.alerts.errorRate)}.`,
        unit: units.PercentUnit,
        queries: [promRange(failedShare(service, CHOSEN, OVER_TIME), { legend: `{{${service}}}` })],
        thresholds: badAbove(config.alerts.errorRate),
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
        thresholds: badAbove(config.alerts.latency),
        links: linksOfService(),
        width: 8,
      }),
      timeSeries({
        title: "Durations with exemplars",
        description:
          "Percentiles of the chosen services; each dot is a span, and leads to its trace.",
        unit: units.Seconds,
        queries: durationsWithExemplars(config, [0.5, 0.9, 0.95, 0.99], CHOSEN),
        thresholds: badAbove(config.alerts.latency),
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

/** Rate, errors and durations of applications, from all their spans. */
export function servicesDashboard(config: StackConfig): StackDashboard {
  return buildDashboard(config, {
    name: "services",
    description:
      "How many requests each service and operation answers, how many fail, how long they take.",
    variables: [...spanVariables(), kindVariable(), operationVariable(CHOSEN)],
    rows: [summary(config), byService(config), operationsRow(config)],
  });
}
