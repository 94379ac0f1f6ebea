import * as units from "@grafana/grafana-foundation-sdk/units";
import type { StackConfig } from "../../config/parse";
import { hops, perSecond, receivedAtDoor } from "../collector/flow";
import { lostOnTheWay } from "../collector/lost";
import type { Row } from "../grafana/dashboards/dashboard";
import { dataLink } from "../grafana/dashboards/links";
import { timeSeries } from "../grafana/dashboards/panels";
import { logRange, promRange } from "../grafana/dashboards/queries";
import { ERRORS, linesBy, LOG_LABELS } from "./log-labels";

const { service, environment, level } = LOG_LABELS;
const LINES = `{${service}=~".+", ${environment}=~"$environment"}`;
const SIZE = { width: 6, height: 6 };

/** Logs in one row: what comes, what is lost, what it says. */
export const logsSummary = (config: StackConfig): Row => ({
  title: "Logs",
  panels: [
    timeSeries({
      title: "Lines in",
      description: "Log lines per second that the collector took, and sent back.",
      unit: units.CountsPerSecond,
      queries: ["accepted", "refused"].map((fate) =>
        promRange(perSecond(receivedAtDoor(config, fate, "log_records"), "$__rate_interval"), {
          legend: fate,
        }),
      ),
      links: [dataLink("pipeline", "The pipeline itself", {})],
      ...SIZE,
    }),
    lostOnTheWay(config, "Lines lost", hops(config).logLines),
    timeSeries({
      title: "Lines by level",
      description: "Log lines in each interval, by level.",
      unit: units.Short,
      queries: [logRange(linesBy(level, LINES), { legend: `{{${level}}}` })],
      links: [dataLink("logs", "Logs", {})],
      stacked: true,
      ...SIZE,
    }),
    timeSeries({
      title: "Lines of errors",
      description: "Lines of level error, critical or fatal in each interval, by service.",
      unit: units.Short,
      queries: [logRange(linesBy(service, `${LINES} ${ERRORS}`), { legend: `{{${service}}}` })],
      links: [dataLink("logs", "Logs", {})],
      stacked: true,
      ...SIZE,
    }),
  ],
});
