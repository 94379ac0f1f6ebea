import * as units from "@grafana/grafana-foundation-sdk/units";
import type { StackConfig } from "../../../config/parse";
import type { Row } from "../../grafana/dashboards/dashboard";
import { badAbove, badBelow, percent, yesOrNo } from "../../grafana/dashboards/fields";
import { bars, stat, timeSeries } from "../../grafana/dashboards/panels";
import { promInstant, promRange } from "../../grafana/dashboards/queries";
import { RECORDED } from "../../prometheus/metric-names";
import { CHOSEN_JOBS, ofChosenJobs } from "./own-services";

/** Use of the memory limit; from the alert's threshold on it is bad. */
export const memoryAgainstLimit = ({ alerts }: StackConfig, width: number) =>
  bars({
    title: "Memory against its limit",
    description:
      "Share of each container's limit that its process holds. Red above the alert's " +
      `${percent(alerts.memory)}: at its limit the kernel ends it.`,
    unit: units.PercentUnit,
    queries: [
      promInstant(
        `${ofChosenJobs(RECORDED.memoryUsed)} / on (job) ${ofChosenJobs(RECORDED.memoryLimit)}`,
        "{{job}}",
      ),
    ],
    thresholds: badAbove(alerts.memory, alerts.memory * 0.8),
    max: 1,
    width,
  });

/** Whether the services run, since when, and how near their limits. */
export function processRow(config: StackConfig): Row {
  return {
    title: "Processes",
    panels: [
      stat({
        title: "Scraped",
        description: "Whether Prometheus reaches each service. Those that push are not scraped.",
        unit: units.Short,
        queries: [promInstant(`max by (job) (up{${CHOSEN_JOBS}})`, "{{job}}")],
        thresholds: badBelow(1),
        mappings: [yesOrNo("up", "down", "no")],
        width: 12,
      }),
      stat({
        title: "Running for",
        description: "Time since the start of each process. Qdrant does not tell its own.",
        unit: units.Seconds,
        queries: [promInstant(`time() - ${ofChosenJobs(RECORDED.processStart)}`, "{{job}}")],
        decimals: 1,
        width: 12,
      }),
      memoryAgainstLimit(config, 8),
      timeSeries({
        title: "Restarts",
        description: `Starts of each process in the last hour; ${config.alerts.restarts} are an alert.`,
        unit: units.Short,
        queries: [
          promRange(`changes(${ofChosenJobs(RECORDED.processStart)}[1h])`, { legend: "{{job}}" }),
        ],
        thresholds: badAbove(config.alerts.restarts),
        width: 8,
      }),
      timeSeries({
        title: "Time of a scrape",
        description: "How long each service takes to give its metrics.",
        unit: units.Seconds,
        queries: [
          promRange(`max by (job) (scrape_duration_seconds{${CHOSEN_JOBS}})`, {
            legend: "{{job}}",
          }),
        ],
        width: 8,
      }),
    ],
  };
}
