import * as units from "@grafana/grafana-foundation-sdk/units";
import type { StackConfig } from "../../../config/parse";
import { hops, perSecond, receivedAtDoor } from "../../collector/flow";
import { lostOnTheWay } from "../../collector/lost";
import type { Row } from "../../grafana/dashboards/dashboard";
import { badAbove, badAtAll, percent } from "../../grafana/dashboards/fields";
import { dataLink } from "../../grafana/dashboards/links";
import { stat, timeSeries } from "../../grafana/dashboards/panels";
import { OVER_TIME, promInstant, promRange } from "../../grafana/dashboards/queries";
import { ENVIRONMENT_LABEL, SPAN_LABELS, SPAN_VALUES } from "../metric-names";
import { durationQuantile, failedShare } from "./spans";

const REQUESTS = [
  `${SPAN_LABELS.environment}=~"$environment"`,
  `${SPAN_LABELS.kind}=~"${SPAN_VALUES.entryKinds.join("|")}"`,
].join(", ");
const OWN = '{job="prometheus"}';
const SIZE = { width: 6, height: 6 };

const toPipeline = () => [dataLink("pipeline", "The pipeline itself", {})];
const toServices = () => [dataLink("services", "Services", {})];

/** Traces in one row: what comes, what is lost, what it says of the applications. */
export const tracesSummary = (config: StackConfig): Row => ({
  title: "Traces",
  panels: [
    timeSeries({
      title: "Spans in",
      description: "Spans per second that the collector took, and sent back.",
      unit: units.CountsPerSecond,
      queries: ["accepted", "refused"].map((fate) =>
        promRange(perSecond(receivedAtDoor(config, fate, "spans"), OVER_TIME), { legend: fate }),
      ),
      links: toPipeline(),
      ...SIZE,
    }),
    lostOnTheWay(config, "Spans lost", hops(config).spans),
    timeSeries({
      title: "Failed requests",
      description:
        "Share of all applications' requests that failed. The line is the alert's " +
        `${percent(config.alerts.errorRate)}.`,
      unit: units.PercentUnit,
      queries: [promRange(failedShare("", REQUESTS, OVER_TIME), { legend: "failed" })],
      thresholds: badAbove(config.alerts.errorRate),
      links: toServices(),
      ...SIZE,
    }),
    timeSeries({
      title: "Time of a request",
      description: "95 of 100 requests of all applications were faster. The line is the alert's.",
      unit: units.Seconds,
      queries: [promRange(durationQuantile(0.95, "", REQUESTS, OVER_TIME), { legend: "p95" })],
      thresholds: badAbove(config.alerts.latency),
      links: toServices(),
      ...SIZE,
    }),
  ],
});

/** Metrics in one row: what comes, what is refused, what cannot be scraped. */
export const metricsSummary = (): Row => ({
  title: "Metrics",
  panels: [
    timeSeries({
      title: "Samples in",
      description: "Samples per second that Prometheus stored, pushed and scraped ones together.",
      unit: units.CountsPerSecond,
      queries: [
        promRange(perSecond(`prometheus_tsdb_head_samples_appended_total${OWN}`, OVER_TIME), {
          legend: "samples",
        }),
      ],
      links: toPipeline(),
      ...SIZE,
    }),
    stat({
      title: "Samples lost",
      description: "Samples that came too late to be stored, in the last hour.",
      unit: units.Short,
      queries: [
        promInstant(
          `sum(increase(prometheus_tsdb_too_old_samples_total${OWN}[1h])) + ` +
            `sum(increase(prometheus_tsdb_out_of_bound_samples_total${OWN}[1h]))`,
        ),
      ],
      thresholds: badAtAll(),
      decimals: 0,
      links: toPipeline(),
      ...SIZE,
    }),
    timeSeries({
      title: "Targets that do not answer",
      description: "Targets that Prometheus cannot scrape, by job.",
      unit: units.Short,
      queries: [
        promRange(`sum by (job) (up{${ENVIRONMENT_LABEL}=~"$environment"} == bool 0)`, {
          legend: "{{job}}",
        }),
      ],
      thresholds: badAtAll(),
      ...SIZE,
    }),
    timeSeries({
      title: "Series",
      description: "Series that had a sample in the last hours; they are what its memory goes to.",
      unit: units.Short,
      queries: [promRange(`sum(prometheus_tsdb_head_series${OWN})`, { legend: "series" })],
      links: [dataLink("tracingCosts", "What tracing costs", {})],
      ...SIZE,
    }),
  ],
});
