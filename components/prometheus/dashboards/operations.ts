import * as units from "@grafana/grafana-foundation-sdk/units";
import type { StackConfig } from "../../../config/parse";
import type { Row } from "../../grafana/dashboards/dashboard";
import { badAbove } from "../../grafana/dashboards/fields";
import { dataLink, ofField } from "../../grafana/dashboards/links";
import { timeSeries } from "../../grafana/dashboards/panels";
import { OVER_RANGE, OVER_TIME, promRange, promTable } from "../../grafana/dashboards/queries";
import { table, type Column } from "../../grafana/dashboards/tables";
import { SPAN_LABELS } from "../metric-names";
import { callRate, CHOSEN, durationQuantile, failedShare } from "./spans";

const { service, span } = SPAN_LABELS;
const OPERATION = `${CHOSEN}, ${span}=~"$operation"`;
const BY_OPERATION = `${service}, ${span}`;

const slow = ({ alerts }: StackConfig) => badAbove(alerts.latency);
const failing = ({ alerts }: StackConfig) => badAbove(alerts.errorRate);

/** The columns that name an operation, with links to more about it. */
function nameColumns(): Column[] {
  const variables = { service: ofField(service), operation: ofField(span) };
  return [
    {
      field: service,
      title: "Service",
      links: [
        dataLink("services", "This service alone", { service: ofField(service) }),
        dataLink("serviceMap", "Its callers and callees", { service: ofField(service) }),
        dataLink("logs", "Its logs", { service: ofField(service) }),
      ],
    },
    {
      field: span,
      title: "Operation",
      links: [
        dataLink("services", "This operation alone", variables),
        dataLink("traceSearch", "Its traces", variables),
      ],
    },
  ];
}

function allOperations(config: StackConfig) {
  const quantile = (share: number) =>
    promTable(durationQuantile(share, BY_OPERATION, OPERATION, OVER_RANGE));
  return table({
    title: "All operations",
    description: "Every operation of the chosen services over the time range.",
    unit: units.Seconds,
    queries: [
      promTable(callRate(BY_OPERATION, OPERATION, OVER_RANGE)),
      promTable(failedShare(BY_OPERATION, OPERATION, OVER_RANGE)),
      quantile(0.5),
      quantile(0.95),
      quantile(0.99),
    ],
    columns: [
      ...nameColumns(),
      { field: "Value #A", title: "Requests", unit: units.RequestsPerSecond },
      {
        field: "Value #B",
        title: "Failed",
        unit: units.PercentUnit,
        thresholds: failing(config),
      },
      { field: "Value #C", title: "p50", unit: units.Seconds },
      { field: "Value #D", title: "p95", unit: units.Seconds, thresholds: slow(config) },
      { field: "Value #E", title: "p99", unit: units.Seconds },
    ],
    sortBy: "Requests",
    width: 24,
    height: 10,
  });
}

/** Every operation of the chosen services, the slowest and the most failing ones first. */
export function operationsRow(config: StackConfig): Row {
  const p95 = durationQuantile(0.95, BY_OPERATION, OPERATION, OVER_RANGE);
  const failed = failedShare(BY_OPERATION, OPERATION, OVER_RANGE);
  return {
    title: "Operations",
    panels: [
      table({
        title: "Slowest operations",
        description: "The ten operations with the highest p95 over the time range.",
        unit: units.Seconds,
        queries: [promTable(`topk(10, ${p95} > 0)`)],
        columns: [
          ...nameColumns(),
          { field: "Value", title: "p95", unit: units.Seconds, thresholds: slow(config) },
        ],
        sortBy: "p95",
        width: 12,
        height: 10,
      }),
      table({
        title: "Most failing operations",
        description:
          "The ten operations with the highest share of failed spans over the time range.",
        unit: units.PercentUnit,
        queries: [promTable(`topk(10, ${failed} > 0)`)],
        columns: [
          ...nameColumns(),
          {
            field: "Value",
            title: "Failed",
            unit: units.PercentUnit,
            thresholds: failing(config),
          },
        ],
        sortBy: "Failed",
        noValue: "No span failed in the time range.",
        width: 12,
        height: 10,
      }),
      allOperations(config),
      timeSeries({
        title: "Requests by operation",
        description: "Spans per second of the ten busiest operations.",
        unit: units.RequestsPerSecond,
        queries: [
          promRange(`topk(10, ${callRate(BY_OPERATION, OPERATION, OVER_TIME)})`, {
            legend: `{{${service}}}: {{${span}}}`,
          }),
        ],
        width: 8,
      }),
      timeSeries({
        title: "Failed share by operation",
        description: "Share of spans with status error; the ten operations with the highest.",
        unit: units.PercentUnit,
        queries: [
          promRange(`topk(10, ${failedShare(BY_OPERATION, OPERATION, OVER_TIME)})`, {
            legend: `{{${service}}}: {{${span}}}`,
          }),
        ],
        thresholds: failing(config),
        width: 8,
      }),
      timeSeries({
        title: "p95 by operation",
        description: "95 of 100 spans were faster; the ten slowest operations.",
        unit: units.Seconds,
        queries: [
          promRange(`topk(10, ${durationQuantile(0.95, BY_OPERATION, OPERATION, OVER_TIME)})`, {
            legend: `{{${service}}}: {{${span}}}`,
          }),
        ],
        thresholds: slow(config),
        width: 8,
      }),
    ],
  };
}
