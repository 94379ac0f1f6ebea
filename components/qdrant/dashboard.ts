import * as units from "@grafana/grafana-foundation-sdk/units";
import type { StackConfig } from "../../config/parse";
import { buildDashboard, type Row, type StackDashboard } from "../grafana/dashboards/dashboard";
import { badAbove, badAtAll, yesOrNo } from "../grafana/dashboards/fields";
import { stat, timeSeries } from "../grafana/dashboards/panels";
import {
  OVER_RANGE,
  OVER_TIME,
  promInstant,
  promRange,
  promTable,
} from "../grafana/dashboards/queries";
import { table } from "../grafana/dashboards/tables";
import { labelVariable } from "../grafana/dashboards/variables";
import { ENVIRONMENT_LABEL } from "../prometheus/metric-names";
import { CHOSEN, ofAll, ofCollections } from "./chosen";
import { memoryRow } from "./memory-row";
import { durationQuantile, failedShare, responses } from "./series";

const now = (): Row => ({
  title: "Now",
  panels: [
    stat({
      title: "Collections",
      description: "Collections of the chosen Qdrants.",
      unit: units.Short,
      queries: [promInstant(`sum(${ofAll("collections_total")})`)],
      width: 4,
    }),
    stat({
      title: "Points",
      description: "Points of the chosen collections, an approximation of Qdrant's.",
      unit: units.Short,
      queries: [promInstant(`sum(${ofCollections("collection_points")})`)],
      width: 4,
    }),
    stat({
      title: "Vectors",
      description: "Vectors of the chosen collections; a point may have several.",
      unit: units.Short,
      queries: [promInstant(`sum(${ofCollections("collection_vectors", "collection")})`)],
      width: 4,
    }),
    stat({
      title: "Waiting updates",
      description: "Updates that were taken and are not applied yet.",
      unit: units.Short,
      queries: [promInstant(`sum(${ofCollections("collection_update_queue_length")})`)],
      width: 4,
    }),
    stat({
      title: "Mode",
      description: "After it ran out of memory Qdrant may start in a mode that only deletes.",
      unit: units.Short,
      queries: [promInstant(`max(${ofAll("app_status_recovery_mode")})`)],
      thresholds: badAtAll(),
      mappings: [yesOrNo("recovery", "normal", "yes")],
      width: 4,
    }),
    stat({
      title: "Failed requests",
      description: "Share of REST answers whose status is not 2xx, over the time range.",
      unit: units.PercentUnit,
      queries: [promInstant(failedShare(CHOSEN, OVER_RANGE, "all"))],
      thresholds: badAbove(0.05),
      width: 4,
    }),
  ],
});

const requests = (): Row => ({
  title: "Requests",
  panels: [
    timeSeries({
      title: "Requests by endpoint",
      description: "REST answers per second.",
      unit: units.RequestsPerSecond,
      queries: [promRange(responses(CHOSEN, OVER_TIME), { legend: "{{method}} {{endpoint}}" })],
      width: 8,
    }),
    timeSeries({
      title: "p95 by endpoint",
      description: "95 of 100 answers with status 200 were faster.",
      unit: units.Seconds,
      queries: [
        promRange(durationQuantile(0.95, CHOSEN, OVER_TIME, "endpoint"), {
          legend: "{{method}} {{endpoint}}",
        }),
      ],
      width: 8,
    }),
    timeSeries({
      title: "Answers by status",
      description: "REST answers per second by HTTP status.",
      unit: units.RequestsPerSecond,
      queries: [
        promRange(responses(CHOSEN, OVER_TIME, "status"), {
          legend: "{{status}}",
        }),
      ],
      stacked: true,
      width: 8,
    }),
    table({
      title: "Endpoints",
      description: "Every endpoint over the time range; durations are of answers with status 200.",
      unit: units.Seconds,
      queries: [
        promTable(responses(CHOSEN, OVER_RANGE)),
        promTable(failedShare(CHOSEN, OVER_RANGE, "endpoint")),
        promTable(durationQuantile(0.5, CHOSEN, OVER_RANGE, "endpoint")),
        promTable(durationQuantile(0.95, CHOSEN, OVER_RANGE, "endpoint")),
        promTable(durationQuantile(0.99, CHOSEN, OVER_RANGE, "endpoint")),
      ],
      columns: [
        { field: "method", title: "Method", columnWidth: 90 },
        { field: "endpoint", title: "Endpoint" },
        { field: "Value #A", title: "Requests", unit: units.RequestsPerSecond },
        {
          field: "Value #B",
          title: "Failed",
          unit: units.PercentUnit,
          thresholds: badAbove(0.05),
        },
        { field: "Value #C", title: "p50", unit: units.Seconds },
        { field: "Value #D", title: "p95", unit: units.Seconds },
        { field: "Value #E", title: "p99", unit: units.Seconds },
      ],
      sortBy: "Requests",
      width: 24,
      height: 9,
    }),
  ],
});

const collections = (): Row => ({
  title: "Collections",
  panels: [
    timeSeries({
      title: "Points by collection",
      description: "Points of each collection.",
      unit: units.Short,
      queries: [promRange(ofCollections("collection_points"), { legend: "{{id}}" })],
      width: 8,
    }),
    timeSeries({
      title: "Vectors by collection",
      description: "Vectors of each collection, by the vector's name.",
      unit: units.Short,
      queries: [
        promRange(ofCollections("collection_vectors", "collection"), {
          legend: "{{collection}} {{vector}}",
        }),
      ],
      width: 8,
    }),
    timeSeries({
      title: "Running optimisations",
      description:
        "Segments that are being merged, indexed or cleaned; searches cost more meanwhile.",
      unit: units.Short,
      queries: [promRange(ofCollections("collection_running_optimizations"), { legend: "{{id}}" })],
      width: 8,
    }),
    timeSeries({
      title: "Updates that wait",
      description: "Length of each collection's queue of updates.",
      unit: units.Short,
      queries: [promRange(ofCollections("collection_update_queue_length"), { legend: "{{id}}" })],
      width: 8,
    }),
    timeSeries({
      title: "Points without an index",
      description: "Points that searches with `indexed_only` leave out, by vector.",
      unit: units.Short,
      queries: [
        // Where all have one, Qdrant says nothing.
        promRange(
          `${ofCollections("collection_indexed_only_excluded_points")} or on (job, id) ` +
            `0 * ${ofCollections("collection_points")}`,
          { legend: "{{id}} {{vector}}" },
        ),
      ],
      width: 8,
    }),
    timeSeries({
      title: "Snapshots",
      description: "Snapshots that are being made or restored.",
      unit: units.Short,
      queries: [
        promRange(ofCollections("snapshot_creation_running"), { legend: "{{id}}: being made" }),
        promRange(ofCollections("snapshot_recovery_running"), { legend: "{{id}}: being restored" }),
      ],
      width: 8,
    }),
  ],
});

/** Qdrant: what it holds and how it answers. */
export function vectorSearchDashboard(config: StackConfig): StackDashboard {
  return buildDashboard(config, {
    name: "vectorSearch",
    description:
      "What Qdrant holds, how fast it answers at each endpoint, and what it is busy with.",
    variables: [
      labelVariable("collections_total", ENVIRONMENT_LABEL, {
        name: "environment",
        label: "Environment",
        description: "Environment of the Qdrant.",
      }),
      labelVariable(`collections_total{${ENVIRONMENT_LABEL}=~"$environment"}`, "job", {
        name: "service",
        label: "Service",
        description: "The stack's Qdrant, or another one that is scraped.",
      }),
      labelVariable(`collection_points{${CHOSEN}}`, "id", {
        name: "collection",
        label: "Collection",
        description: "Name of the collection.",
      }),
    ],
    rows: [now(), requests(), collections(), memoryRow()],
  });
}
