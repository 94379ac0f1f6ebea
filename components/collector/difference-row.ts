import * as units from "@grafana/grafana-foundation-sdk/units";
import type { StackConfig } from "../../config/parse";
import type { Row } from "../grafana/dashboards/dashboard";
import { badAbove, percent } from "../grafana/dashboards/fields";
import { bars, timeSeries } from "../grafana/dashboards/panels";
import { promInstant, promRange } from "../grafana/dashboards/queries";
import { PRIMARIES } from "./exporters";
import {
  AT_LOKI,
  AT_TEMPO,
  hops,
  kept,
  missingShare,
  perSecond,
  receivedAtDoor,
  sent,
} from "./flow";

/** What came in against what was stored, step by step. */
export function differenceRow(config: StackConfig): Row {
  const loss = percent(config.alerts.loss);
  const { spans, logLines } = hops(config);
  return {
    title: "What came in, and what was stored",
    panels: [
      bars({
        title: "Missing on the way",
        description:
          "Share of what set out from one step in the time range and did not reach the next. What " +
          `sampling dropped is not missing. Red above the alert's ${loss}; over short ranges the ` +
          "two ends are counted at different moments, and what waits in a queue counts as missing.",
        unit: units.PercentUnit,
        queries: [...spans, ...logLines].map((hop) =>
          promInstant(missingShare(hop, "$__range"), hop.name),
        ),
        thresholds: badAbove(config.alerts.loss),
        max: 1,
        decimals: 1,
        width: 12,
      }),
      timeSeries({
        title: "Spans from the door to the store",
        description:
          "Spans per second at each step. Between accepted and kept lies what sampling and health " +
          "checks leave out; from there on the lines should be one.",
        unit: units.CountsPerSecond,
        queries: [
          promRange(perSecond(receivedAtDoor(config, "accepted", "spans"), "$__rate_interval"), {
            legend: "accepted",
          }),
          promRange(perSecond(kept(config), "$__rate_interval"), { legend: "kept" }),
          promRange(perSecond(sent("spans", PRIMARIES[0]), "$__rate_interval"), {
            legend: "delivered",
          }),
          promRange(perSecond(AT_TEMPO, "$__rate_interval"), { legend: "at Tempo" }),
        ],
        width: 12,
      }),
      timeSeries({
        title: "Difference of spans",
        description:
          "Spans per second that were kept and are not at Tempo, over 5 minutes. Above 0 they wait " +
          "in the queue or are lost; below 0 a queue empties.",
        unit: units.CountsPerSecond,
        queries: [
          promRange(`${perSecond(kept(config), "5m")} - ` + perSecond(AT_TEMPO, "5m"), {
            legend: "kept, not at Tempo",
          }),
        ],
        signed: true,
        width: 12,
      }),
      timeSeries({
        title: "Difference of log lines",
        description:
          "Log lines per second that were accepted and are not at Loki, over 5 minutes. Above 0 " +
          "they wait in the queue or are lost; below 0 a queue empties.",
        unit: units.CountsPerSecond,
        queries: [
          promRange(
            `${perSecond(receivedAtDoor(config, "accepted", "log_records"), "5m")} - ` +
              perSecond(AT_LOKI, "5m"),
            { legend: "accepted, not at Loki" },
          ),
        ],
        signed: true,
        width: 12,
      }),
    ],
  };
}
