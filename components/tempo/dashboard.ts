import * as units from "@grafana/grafana-foundation-sdk/units";
import type { StackConfig } from "../../config/parse";
import { goDuration } from "../../config/units";
import { buildDashboard, type Row, type StackDashboard } from "../grafana/dashboards/dashboard";
import { badAbove } from "../grafana/dashboards/fields";
import { dataLink, ofField } from "../grafana/dashboards/links";
import { heatmap, logLines, timeSeries, traceView } from "../grafana/dashboards/panels";
import { logRange, traceById, traceMetrics, traceTable } from "../grafana/dashboards/queries";
import { traceList, type Column } from "../grafana/dashboards/tables";
import { textVariable } from "../grafana/dashboards/variables";
import { ALL_OF_TRACE } from "../loki/dashboard";
import { operationVariable, spanVariables } from "../prometheus/dashboards/spans";

/** TraceQL takes a text in backquotes as it stands, the backslashes of a pattern included. */
const matches = (attribute: string, variable: string) =>
  `${attribute} =~ \`\${${variable}:regex}\``;

const CHOSEN = [
  matches("resource.service.name", "service"),
  matches("resource.deployment.environment.name", "environment"),
  matches("name", "operation"),
];
const spans = (...conditions: string[]) => `{ ${[...CHOSEN, ...conditions].join(" && ")} }`;

/** Where a row leads, by the field that holds its trace's id. */
const ofTrace = (field: string) => [
  dataLink("traceSearch", "Show the trace below", { trace: ofField(field) }),
  dataLink("logs", "Log lines of the trace", { trace: ofField(field) }),
];

const ofService = (field: string) => [
  dataLink("services", "Its requests", { service: ofField(field) }),
  dataLink("logs", "Its logs", { service: ofField(field) }),
];

const traceColumns = ({ alerts }: StackConfig): Column[] => [
  { field: "traceID", title: "Trace", links: ofTrace("traceID"), columnWidth: 290 },
  { field: "startTime", title: "Start", unit: units.DatetimeISO, columnWidth: 180 },
  { field: "traceService", title: "Service", links: ofService("traceService") },
  { field: "traceName", title: "Name" },
  {
    field: "traceDuration",
    title: "Duration",
    unit: units.Milliseconds,
    thresholds: badAbove(alerts.latency * 1000),
    columnWidth: 110,
  },
];

const SPAN_COLUMNS: Column[] = [
  { field: "spanID", title: "Span", links: ofTrace("traceIdHidden"), columnWidth: 160 },
  { field: "time", title: "Start", unit: units.DatetimeISO, columnWidth: 180 },
  { field: "service.name", title: "Service" },
  { field: "name", title: "Operation" },
  { field: "statusMessage", title: "Error" },
  { field: "duration", title: "Duration", unit: units.Nanoseconds, columnWidth: 110 },
];

function found(config: StackConfig): Row {
  return {
    title: "Errors and slow traces",
    panels: [
      traceList({
        title: "Recent errors",
        description:
          "The newest failed spans. Tempo finds a span half a minute after it came; a click on a " +
          "span shows its trace.",
        unit: units.Nanoseconds,
        queries: [
          traceTable(
            `${spans("status = error")} | select(resource.service.name, name, statusMessage)`,
            "spans",
          ),
        ],
        columns: SPAN_COLUMNS,
        noValue: "No failed span in the time range.",
        width: 12,
        height: 11,
      }),
      traceList({
        title: "Slow traces",
        description:
          "Of the traces that took longer than the variable says, the newest 50, slowest first.",
        unit: units.Milliseconds,
        queries: [traceTable(spans("trace:duration > $slower"), "traces")],
        columns: traceColumns(config),
        sortBy: "Duration",
        noValue: "No slow trace in the time range.",
        width: 12,
        height: 11,
      }),
      traceList({
        title: "Newest traces",
        description: "The newest 50 traces with a chosen span.",
        unit: units.Milliseconds,
        queries: [traceTable(spans(), "traces")],
        columns: traceColumns(config),
        noValue: "No trace in the time range.",
        width: 24,
        height: 10,
      }),
    ],
  };
}

const overTime = (): Row => ({
  title: "Stored spans over time",
  panels: [
    heatmap({
      title: "Durations of spans",
      description:
        "Stored spans in each bucket of durations, whose bounds are powers of two; what is not " +
        "kept by sampling is missing.",
      unit: units.Seconds,
      cellUnit: units.Short,
      queries: [traceMetrics(`${spans()} | histogram_over_time(duration)`)],
      width: 12,
      height: 10,
    }),
    timeSeries({
      title: "Percentiles of durations",
      description: "Percentiles of the stored spans' durations, estimated from these buckets.",
      unit: units.Seconds,
      queries: [traceMetrics(`${spans()} | quantile_over_time(duration, .5, .95, .99)`)],
      width: 12,
      height: 10,
    }),
    timeSeries({
      title: "Stored spans by service",
      description: "Spans per second that Tempo has.",
      unit: units.CountsPerSecond,
      queries: [traceMetrics(`${spans()} | rate() by (resource.service.name)`)],
      stacked: true,
      width: 12,
    }),
    timeSeries({
      title: "Stored failed spans by service",
      description: "Failed spans per second that Tempo has.",
      unit: units.CountsPerSecond,
      queries: [traceMetrics(`${spans("status = error")} | rate() by (resource.service.name)`)],
      stacked: true,
      width: 12,
    }),
  ],
});

const oneTrace = (): Row => ({
  title: "One trace",
  panels: [
    traceView({
      title: "Trace $trace",
      description:
        "The spans of the trace whose id is typed above or was clicked. A span has links to its " +
        "logs and to the metrics of its service.",
      queries: [traceById("$trace")],
      width: 24,
      height: 18,
    }),
    logLines({
      title: "Log lines of the trace",
      description: "Every line that carries the trace's id, oldest first.",
      queries: [logRange(ALL_OF_TRACE, { lines: 1000 })],
      oldestFirst: true,
      width: 24,
      height: 10,
    }),
  ],
});

/** Traces that Tempo has. */
export function traceSearchDashboard(config: StackConfig): StackDashboard {
  return buildDashboard(config, {
    name: "traceSearch",
    description:
      "Which traces failed or were slow, how long spans take, and all there is of one trace.",
    variables: [
      ...spanVariables(),
      operationVariable(),
      textVariable(
        "slower",
        "Slower than",
        "Duration from which on a trace is slow, such as 500ms or 2s.",
        goDuration(config.alerts.latency),
      ),
      textVariable("trace", "Trace id", "The trace to show."),
    ],
    rows: [found(config), overTime(), oneTrace()],
  });
}
