import * as units from "@grafana/grafana-foundation-sdk/units";
import type { Row } from "../grafana/dashboards/dashboard";
import { badAbove } from "../grafana/dashboards/fields";
import { dataLink } from "../grafana/dashboards/links";
import { stat, timeSeries } from "../grafana/dashboards/panels";
import { OVER_TIME, promInstant, promRange } from "../grafana/dashboards/queries";
import { ENVIRONMENT_LABEL } from "../prometheus/metric-names";
import { durationQuantile, failedShare, responses } from "./series";

const CHOSEN = `${ENVIRONMENT_LABEL}=~"$environment"`;
const SIZE = { width: 6, height: 6 };
const toVectors = () => [dataLink("vectorSearch", "Vector search", {})];

/** Vectors in one row: how many there are, and how they are asked for. */
export const vectorsSummary = (): Row => ({
  title: "Vectors",
  panels: [
    timeSeries({
      title: "Requests to Qdrant",
      description: "REST answers per second.",
      unit: units.RequestsPerSecond,
      queries: [promRange(responses(CHOSEN, OVER_TIME, "job"), { legend: "{{job}}" })],
      links: toVectors(),
      ...SIZE,
    }),
    stat({
      title: "Points",
      description: "Points of all collections, an approximation of Qdrant's.",
      unit: units.Short,
      queries: [promInstant(`sum(collection_points{${CHOSEN}})`)],
      links: toVectors(),
      ...SIZE,
    }),
    timeSeries({
      title: "Failed requests to Qdrant",
      description: "Share of REST answers whose status is not 2xx.",
      unit: units.PercentUnit,
      queries: [promRange(failedShare(CHOSEN, OVER_TIME, "all"), { legend: "failed" })],
      thresholds: badAbove(0.05),
      links: toVectors(),
      ...SIZE,
    }),
    timeSeries({
      title: "Time of an answer of Qdrant",
      description: "95 of 100 answers with status 200 were faster.",
      unit: units.Seconds,
      queries: [promRange(durationQuantile(0.95, CHOSEN, OVER_TIME, "all"), { legend: "p95" })],
      links: toVectors(),
      ...SIZE,
    }),
  ],
});
