import * as units from "@grafana/grafana-foundation-sdk/units";
import type { StackConfig } from "../../../config/parse";
import { goDuration } from "../../../config/units";
import { buildDashboard, type Row, type StackDashboard } from "../../grafana/dashboards/dashboard";
import { badAbove, percent } from "../../grafana/dashboards/fields";
import { dataLink, ofField } from "../../grafana/dashboards/links";
import { graph, stat, timeSeries } from "../../grafana/dashboards/panels";
import {
  OVER_RANGE,
  OVER_TIME,
  promInstant,
  promRange,
  promTable,
  serviceGraph,
} from "../../grafana/dashboards/queries";
import { table, type Column } from "../../grafana/dashboards/tables";
import { GRAPH_LABELS, SPAN_LABELS, SPAN_VALUES } from "../metric-names";
import { EDGE, edgeFailedShare, edgeQuantile, edgeRate, EDGES } from "./graph";
import {
  callRate,
  CHOSEN_SERVICES,
  durationQuantile,
  durationsWithExemplars,
  failedShare,
  spanVariables,
} from "./spans";

const { client, server } = GRAPH_LABELS;
const ENTRIES = `${CHOSEN_SERVICES}, ${SPAN_LABELS.kind}=~"${SPAN_VALUES.entryKinds.join("|")}"`;

const ARROW = `{{${client}}} → {{${server}}}`;

type Side = keyof typeof EDGES;

function numbers(config: StackConfig): Column[] {
  return [
    { field: "Value #A", title: "Requests", unit: units.RequestsPerSecond },
    {
      field: "Value #B",
      title: "Failed",
      unit: units.PercentUnit,
      thresholds: badAbove(config.alerts.errorRate),
    },
    { field: "Value #C", title: "p50", unit: units.Seconds },
    {
      field: "Value #D",
      title: "p95",
      unit: units.Seconds,
      thresholds: badAbove(config.alerts.latency),
    },
  ];
}

/** Rate, errors and durations of the edges of a side, grouped `by`. */
function edgeQueries(by: string, side: Side) {
  const edges = EDGES[side];
  const seenBy = side === "out" ? "client" : "server";
  const quantile = (share: number) => promTable(edgeQuantile(share, seenBy, by, edges, OVER_RANGE));
  return [
    promTable(edgeRate(by, edges, OVER_RANGE)),
    promTable(edgeFailedShare(by, edges, OVER_RANGE)),
    quantile(0.5),
    quantile(0.95),
  ];
}

function map(config: StackConfig): Row {
  const toService = (field: string): Column["links"] => [
    dataLink("serviceMap", "This service", { service: ofField(field) }),
    dataLink("services", "Its requests", { service: ofField(field) }),
    dataLink("traceSearch", "Its traces", { service: ofField(field) }),
    dataLink("logs", "Its logs", { service: ofField(field) }),
  ];
  return {
    title: "All services",
    panels: [
      graph({
        title: "Who calls whom",
        description:
          "A node is a service, an arrow the calls between two. In a node stand the mean duration " +
          "and requests per second; its ring is red as far as they failed. A click leads to its " +
          "rates and traces.",
        queries: [serviceGraph(`{${EDGES.all}}`)],
        width: 24,
        height: 16,
      }),
      table({
        title: "Edges",
        description:
          "Rate, errors and durations of each edge over the time range. Durations are those that " +
          "the called service measured.",
        unit: units.Seconds,
        queries: edgeQueries(EDGE, "all"),
        columns: [
          { field: client, title: "Caller", links: toService(client) },
          { field: server, title: "Called", links: toService(server) },
          ...numbers(config),
        ],
        sortBy: "Requests",
        width: 24,
        height: 10,
      }),
    ],
  };
}

function oneService(config: StackConfig): Row {
  const other = (field: string, title: string): Column => ({
    field,
    title,
    links: [
      dataLink("serviceMap", "This service", { service: ofField(field) }),
      dataLink("services", "Its requests", { service: ofField(field) }),
    ],
  });
  return {
    title: "One service: $service",
    panels: [
      stat({
        title: "Requests it answers",
        description: "Server and consumer spans per second over the time range.",
        unit: units.RequestsPerSecond,
        queries: [promInstant(callRate("", ENTRIES, OVER_RANGE))],
        width: 8,
      }),
      stat({
        title: "Failed of them",
        description: `Share of them with status error. Red above the alert's ${percent(config.alerts.errorRate)}.`,
        unit: units.PercentUnit,
        queries: [promInstant(failedShare("", ENTRIES, OVER_RANGE))],
        thresholds: badAbove(config.alerts.errorRate),
        width: 8,
      }),
      stat({
        title: "p95 of them",
        description: `95 of 100 were faster. Red above the alert's ${goDuration(config.alerts.latency)}.`,
        unit: units.Seconds,
        queries: [promInstant(durationQuantile(0.95, "", ENTRIES, OVER_RANGE))],
        thresholds: badAbove(config.alerts.latency),
        width: 8,
      }),
      graph({
        title: "Its neighbours",
        description: "Its callers and what it calls.",
        queries: [serviceGraph(`{${EDGES.in}}`, `{${EDGES.out}}`)],
        width: 12,
        height: 12,
      }),
      timeSeries({
        title: "Durations of its requests",
        description: "Percentiles; each dot is a span, and leads to its trace.",
        unit: units.Seconds,
        queries: durationsWithExemplars(config, [0.5, 0.95, 0.99], ENTRIES),
        thresholds: badAbove(config.alerts.latency),
        width: 12,
        height: 12,
      }),
      table({
        title: "Callers",
        description: "Who calls it over the time range; durations as it measured them itself.",
        unit: units.Seconds,
        queries: edgeQueries(client, "in"),
        columns: [other(client, "Caller"), ...numbers(config)],
        sortBy: "Requests",
        noValue: "No call in the time range.",
        width: 12,
      }),
      table({
        title: "Callees",
        description:
          "What it calls over the time range; durations as it waited for them, the network included.",
        unit: units.Seconds,
        queries: edgeQueries(server, "out"),
        columns: [other(server, "Called"), ...numbers(config)],
        sortBy: "Requests",
        noValue: "It calls nothing in the time range.",
        width: 12,
      }),
    ],
  };
}

function edgesOverTime(config: StackConfig, side: "in" | "out"): Row {
  const edges = EDGES[side];
  const seenBy = side === "in" ? "server" : "client";
  return {
    title: side === "in" ? "Its callers over time" : "Its callees over time",
    panels: [
      timeSeries({
        title: side === "in" ? "Requests by caller" : "Requests by callee",
        description: "Requests per second of each edge.",
        unit: units.RequestsPerSecond,
        queries: [promRange(edgeRate(EDGE, edges, OVER_TIME), { legend: ARROW })],
        width: 8,
      }),
      timeSeries({
        title: side === "in" ? "Failed share by caller" : "Failed share by callee",
        description: "Share of the requests of each edge in which either side saw an error.",
        unit: units.PercentUnit,
        queries: [promRange(edgeFailedShare(EDGE, edges, OVER_TIME), { legend: ARROW })],
        thresholds: badAbove(config.alerts.errorRate),
        width: 8,
      }),
      timeSeries({
        title: side === "in" ? "p95 by caller" : "p95 by callee",
        description:
          side === "in"
            ? "95 of 100 requests of each edge were faster, as the service measured them."
            : "95 of 100 requests of each edge were faster, as the service waited for them.",
        unit: units.Seconds,
        queries: [promRange(edgeQuantile(0.95, seenBy, EDGE, edges, OVER_TIME), { legend: ARROW })],
        thresholds: badAbove(config.alerts.latency),
        width: 8,
      }),
    ],
  };
}

/** The service graph, and one service in it with its callers and callees. */
export function serviceMapDashboard(config: StackConfig): StackDashboard {
  return buildDashboard(config, {
    name: "serviceMap",
    description:
      "Which services call each other, and how one of them does: its callers, its callees, and " +
      "rate, errors and durations of each edge.",
    variables: spanVariables({ single: true }),
    rows: [
      map(config),
      oneService(config),
      edgesOverTime(config, "in"),
      edgesOverTime(config, "out"),
    ],
  });
}
