import * as units from "@grafana/grafana-foundation-sdk/units";
import type { StackConfig } from "../../config/parse";
import { buildDashboard, type Row, type StackDashboard } from "../grafana/dashboards/dashboard";
import { badAtAll } from "../grafana/dashboards/fields";
import { dataLink, ofLabel } from "../grafana/dashboards/links";
import { logLines, stat, timeSeries } from "../grafana/dashboards/panels";
import { logInstant, logRange } from "../grafana/dashboards/queries";
import { streamVariable, textVariable } from "../grafana/dashboards/variables";
import { ERRORS, linesBy, LOG_LABELS } from "./log-labels";

const { service, environment, level, traceId } = LOG_LABELS;

const CHOSEN = `{${service}=~"$service", ${environment}=~"$environment"}`;
const FOUND = `${CHOSEN} |~ "$search"`;
/** Without an id nothing: a line without a trace has an empty one too. */
const OF_TRACE = `| ${traceId}!="" | ${traceId}="$trace"`;

/** Lines of the trace in the variable `trace`, whoever wrote them. */
export const ALL_OF_TRACE = `{${service}=~".+"} ${OF_TRACE}`;

const inRange = (lines: string) => `sum(count_over_time(${lines} [$__range]))`;

const linksOfService = () => [
  dataLink("services", "Its requests", { service: ofLabel(service) }),
  dataLink("traceSearch", "Its traces", { service: ofLabel(service) }),
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
      title: "Lines of errors",
      description: "Lines of level error, critical or fatal in the time range.",
      unit: units.Short,
      queries: [logInstant(inRange(`${FOUND} ${ERRORS}`))],
      thresholds: badAtAll(),
      noValue: "0",
      width: 4,
      height: 8,
    }),
    timeSeries({
      title: "Lines by level",
      description: "Log lines in each interval, by level.",
      unit: units.Short,
      queries: [logRange(linesBy(level, FOUND), { legend: `{{${level}}}` })],
      stacked: true,
      width: 8,
    }),
    timeSeries({
      title: "Lines by service",
      description: "Log lines in each interval, by service.",
      unit: units.Short,
      queries: [logRange(linesBy(service, FOUND), { legend: `{{${service}}}` })],
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
      title: "Newest errors",
      description:
        "The newest lines of level error, critical or fatal. The details of a line have the link " +
        "to its trace.",
      queries: [logRange(`${FOUND} ${ERRORS}`, { lines: 200 })],
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
      streamVariable(`{${service}=~".+"}`, environment, {
        name: "environment",
        label: "Environment",
        description: "`deployment.environment.name` of the log lines.",
      }),
      streamVariable(`{${environment}=~"$environment"}`, service, {
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
