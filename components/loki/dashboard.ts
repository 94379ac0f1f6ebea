import * as units from "@grafana/grafana-foundation-sdk/units";
import type { StackConfig } from "../../config/parse";
import { buildDashboard, type Row, type StackDashboard } from "../grafana/dashboards/dashboard";
import { badAtAll } from "../grafana/dashboards/fields";
import { dataLink, ofLabel } from "../grafana/dashboards/links";
import { logLines, stat, timeSeries } from "../grafana/dashboards/panels";
import { logInstant, logRange } from "../grafana/dashboards/queries";
import { streamVariable, textVariable } from "../grafana/dashboards/variables";
import { ENVIRONMENT_LABEL } from "../prometheus/metric-names";

const SERVICE = "service_name";
/** Level that Loki reads off the record's severity, else off its text. */
const LEVEL = "detected_level";

const CHOSEN = `{${SERVICE}=~"$service", ${ENVIRONMENT_LABEL}=~"$environment"}`;
const FOUND = `${CHOSEN} |~ "$search"`;
const ERRORS = `${FOUND} | ${LEVEL}=~"error|critical|fatal"`;
/** Without an id nothing: a line without a trace has an empty one too. */
const OF_TRACE = `| trace_id!="" | trace_id="$trace"`;

/** Lines of the trace in the variable `trace`, whoever wrote them. */
export const ALL_OF_TRACE = `{${SERVICE}=~".+"} ${OF_TRACE}`;

const perInterval = (by: string, lines: string) =>
  `sum by (${by}) (count_over_time(${lines} [$__auto]))`;
const inRange = (lines: string) => `sum(count_over_time(${lines} [$__range]))`;

const linksOfService = () => [
  dataLink("services", "Its requests", { service: ofLabel(SERVICE) }),
  dataLink("traceSearch", "Its traces", { service: ofLabel(SERVICE) }),
];

const volume = (): Row => ({
  title: "Volume",
  panels: [
    stat({
      title: "Lines",
      description: "Log lines of the chosen services in the time range.",
      unit: units.Short,
      queries: [logInstant(inRange(FOUND))],
      noValue: "0",
      width: 4,
      height: 8,
    }),
    stat({
      title: "Errors",
      description: "Lines of level error, critical or fatal in the time range.",
      unit: units.Short,
      queries: [logInstant(inRange(ERRORS))],
      thresholds: badAtAll(),
      noValue: "0",
      width: 4,
      height: 8,
    }),
    timeSeries({
      title: "Lines by level",
      description: "Log lines in each interval, by level.",
      unit: units.Short,
      queries: [logRange(perInterval(LEVEL, FOUND), { legend: `{{${LEVEL}}}` })],
      stacked: true,
      width: 8,
    }),
    timeSeries({
      title: "Lines by service",
      description: "Log lines in each interval, by service.",
      unit: units.Short,
      queries: [logRange(perInterval(SERVICE, FOUND), { legend: `{{${SERVICE}}}` })],
      stacked: true,
      links: linksOfService(),
      width: 8,
    }),
  ],
});

const lines = (): Row => ({
  title: "Lines",
  panels: [
    logLines({
      title: "Errors",
      description:
        "The newest lines of level error, critical or fatal. The details of a line have the link " +
        "to its trace.",
      queries: [logRange(ERRORS, { lines: 200 })],
      width: 24,
      height: 10,
    }),
    logLines({
      title: "All lines",
      description: "The newest lines of the chosen services that hold the searched text.",
      queries: [logRange(FOUND, { lines: 500 })],
      width: 24,
      height: 12,
    }),
  ],
});

const auditTrail = (): Row => ({
  title: "Audit trail of one trace",
  panels: [
    logLines({
      title: "What was logged along the trace",
      description:
        "Every line that carries the trace id typed above, of all chosen services, oldest first.",
      queries: [logRange(`${CHOSEN} ${OF_TRACE}`, { lines: 1000 })],
      oldestFirst: true,
      width: 24,
      height: 12,
    }),
  ],
});

/** Logs of applications. */
export function logsDashboard(config: StackConfig): StackDashboard {
  return buildDashboard(config, {
    name: "logs",
    description:
      "How much each service logs and at which level, its errors, and all lines of one trace.",
    variables: [
      streamVariable(`{${SERVICE}=~".+"}`, ENVIRONMENT_LABEL, {
        name: "environment",
        label: "Environment",
        description: "`deployment.environment.name` of the log lines.",
      }),
      streamVariable(`{${ENVIRONMENT_LABEL}=~"$environment"}`, SERVICE, {
        name: "service",
        label: "Service",
        description: "`service.name` of the log lines.",
      }),
      textVariable("search", "Text", "Regular expression that the lines match."),
      textVariable("trace", "Trace id", "Trace whose lines the audit trail shows."),
    ],
    rows: [volume(), lines(), auditTrail()],
  });
}
