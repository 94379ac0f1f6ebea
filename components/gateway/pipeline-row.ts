import * as units from "@grafana/grafana-foundation-sdk/units";
import type { StackConfig } from "../../config/parse";
import { receivedAtDoor, SIGNALS } from "../collector/flow";
import type { Row } from "../grafana/dashboards/dashboard";
import { timeSeries } from "../grafana/dashboards/panels";
import { promRange } from "../grafana/dashboards/queries";
import { PUSHING_JOBS } from "../prometheus/metric-names";

const OWN = `job="${PUSHING_JOBS["collector-gateway"]}"`;
const NAMES = { spans: "spans", log_records: "log records", metric_points: "metric points" };

/** The gateway: what it takes, and how the collector's replicas answer. */
export const gatewayRow = (config: StackConfig): Row => ({
  title: "The gateway",
  panels: [
    timeSeries({
      title: "Gateway: taken in",
      description:
        "Items per second that a replica of the collector took, so that senders may forget.",
      unit: units.CountsPerSecond,
      queries: SIGNALS.map((signal) =>
        promRange(`sum(rate(${receivedAtDoor(config, "accepted", signal)}[$__rate_interval]))`, {
          legend: NAMES[signal],
        }),
      ),
      width: 8,
    }),
    timeSeries({
      title: "Gateway: sent back",
      description: "Items per second that senders have to repeat, whatever the reason.",
      unit: units.CountsPerSecond,
      queries: SIGNALS.map((signal) =>
        promRange(
          ["refused", "failed"]
            .map((fate) => `sum(rate(${receivedAtDoor(config, fate, signal)}[$__rate_interval]))`)
            .join(" + "),
          { legend: NAMES[signal] },
        ),
      ),
      width: 8,
    }),
    timeSeries({
      title: "Gateway: replicas known",
      description:
        "How many replicas of the collector each gateway hands to. Where they differ for longer than " +
        "a moment, parts of a trace go to different replicas.",
      unit: units.Short,
      queries: [
        promRange(`max by (instance) (otelcol_loadbalancer_num_backends{${OWN}})`, {
          legend: "{{instance}}",
        }),
      ],
      width: 8,
    }),
    timeSeries({
      title: "Gateway: requests to each replica",
      description: "Requests per second to each replica of the collector, by how they ended.",
      unit: units.RequestsPerSecond,
      queries: [
        promRange(
          `sum by (endpoint, success) (rate(otelcol_loadbalancer_backend_outcome_total{${OWN}}[$__rate_interval]))`,
          { legend: "{{endpoint}}, success: {{success}}" },
        ),
      ],
      width: 12,
    }),
    timeSeries({
      title: "Gateway: time of a request",
      description: "95 of 100 requests to a replica of the collector were answered within it.",
      unit: units.Milliseconds,
      queries: [
        promRange(
          `histogram_quantile(0.95, sum by (le, endpoint) (rate(otelcol_loadbalancer_backend_latency_milliseconds_bucket{${OWN}}[$__rate_interval])))`,
          { legend: "{{endpoint}}" },
        ),
      ],
      width: 12,
    }),
  ],
});
