import * as units from "@grafana/grafana-foundation-sdk/units";
import type { StackConfig } from "../../../config/parse";
import { sizeText } from "../../../config/units";
import type { Row } from "../../grafana/dashboards/dashboard";
import { badAbove } from "../../grafana/dashboards/fields";
import { timeSeries } from "../../grafana/dashboards/panels";
import { promRange } from "../../grafana/dashboards/queries";
import { CHOSEN_JOBS } from "./own-services";

const byJob = (metric: string) => `max by (job) (${metric}{${CHOSEN_JOBS}})`;
const rate = (counter: string, by = "job") =>
  `sum by (${by}) (rate(${counter}{${CHOSEN_JOBS}}[$__rate_interval]))`;

/** What applications say that they and their tracing take; those that say nothing have no line. */
export function reportedCosts({ alerts: { applications } }: StackConfig): Row {
  const { cpu, memory, tracingCpu, tracingMemory } = applications;
  return {
    title: "What applications report of themselves",
    panels: [
      timeSeries({
        title: "Memory of applications",
        description: `Memory now, and the most that it was. The line is the alert's ${sizeText(memory)}.`,
        unit: units.BytesIEC,
        queries: [
          promRange(byJob("process_memory_bytes"), { legend: "{{job}}" }),
          promRange(byJob("process_memory_peak_bytes"), { legend: "{{job}}: at most" }),
        ],
        thresholds: badAbove(memory),
        width: 12,
      }),
      timeSeries({
        title: "CPU of applications",
        description: `Percent of a core. The line is the alert's ${cpu} %.`,
        unit: units.Percent,
        queries: [promRange(byJob("process_cpu_percent"), { legend: "{{job}}" })],
        thresholds: badAbove(cpu),
        width: 12,
      }),
      timeSeries({
        title: "Memory that tracing takes in applications",
        description: `Spans that wait to be sent, and the like. The line is the alert's ${sizeText(tracingMemory)}.`,
        unit: units.BytesIEC,
        queries: [promRange(byJob("tracing_memory_overhead_bytes"), { legend: "{{job}}" })],
        thresholds: badAbove(tracingMemory),
        width: 12,
      }),
      timeSeries({
        title: "CPU that tracing takes in applications",
        description: `Percent of a core. The line is the alert's ${tracingCpu} %.`,
        unit: units.Percent,
        queries: [promRange(byJob("tracing_cpu_overhead_percent"), { legend: "{{job}}" })],
        thresholds: badAbove(tracingCpu),
        width: 12,
      }),
      timeSeries({
        title: "Time of a search",
        description: "p95 of `search_latency_ms` where it is a histogram, else the number itself.",
        unit: units.Milliseconds,
        queries: [
          promRange(
            `histogram_quantile(0.95, ${rate("search_latency_ms_bucket", "le, job")}) or ` +
              byJob("search_latency_ms"),
            { legend: "{{job}}" },
          ),
        ],
        width: 8,
      }),
      timeSeries({
        title: "Cache hits",
        description: "`cache_hits_total` per second.",
        unit: units.OpsPerSecond,
        queries: [promRange(rate("cache_hits_total"), { legend: "{{job}}" })],
        width: 8,
      }),
      timeSeries({
        title: "Documents",
        description: "`documents_total`: what the application has stored.",
        unit: units.Short,
        queries: [promRange(byJob("documents_total"), { legend: "{{job}}" })],
        width: 8,
      }),
      timeSeries({
        title: "Anomalies that applications found",
        description: "`trace_anomalies_total` per second, by type.",
        unit: units.CountsPerSecond,
        queries: [
          promRange(rate("trace_anomalies_total", "job, type"), { legend: "{{job}}: {{type}}" }),
        ],
        width: 12,
      }),
      timeSeries({
        title: "Checks of traces by applications",
        description: "`trace_alert_checks_total` per second, by outcome.",
        unit: units.CountsPerSecond,
        queries: [
          promRange(rate("trace_alert_checks_total", "job, status"), {
            legend: "{{job}}: {{status}}",
          }),
        ],
        width: 12,
      }),
    ],
  };
}
