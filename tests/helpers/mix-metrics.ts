import type { MixMetric } from "./mix-otlp";

const MI = 2 ** 20;

/** Applications that report what they use, with their memory in bytes and CPU in percent. */
export const REPORTED = {
  search: { memory: 180 * MI, peak: 240 * MI, cpu: 12.5, tracingMemory: 6 * MI, tracingCpu: 0.8 },
  embedder: { memory: 420 * MI, peak: 512 * MI, cpu: 34, tracingMemory: 9 * MI, tracingCpu: 0.4 },
} as const;

/** Bounds of `search_latency_ms`, the bucket that every search falls into, and its time. */
export const SEARCH_LATENCY = { bounds: [10, 50, 100, 500, 1000], bucket: 1, milliseconds: 40 };
export const DOCUMENTS = 1200;

/** What applications report after `ticks` ticks of three searches each. */
export function applicationMetrics(ticks: number): MixMetric[] {
  const searches = ticks * 3;
  const search = { service: "search" };
  return [
    ...Object.entries(REPORTED).flatMap(([service, used]): MixMetric[] => [
      { service, name: "process_memory_bytes", gauge: used.memory },
      { service, name: "process_memory_peak_bytes", gauge: used.peak },
      { service, name: "process_cpu_percent", gauge: used.cpu },
      { service, name: "tracing_memory_overhead_bytes", gauge: used.tracingMemory },
      { service, name: "tracing_cpu_overhead_percent", gauge: used.tracingCpu },
    ]),
    {
      ...search,
      name: "search_latency_ms",
      bounds: SEARCH_LATENCY.bounds,
      counts: [...SEARCH_LATENCY.bounds, Infinity].map((_, index) =>
        index === SEARCH_LATENCY.bucket ? searches : 0,
      ),
      sum: searches * SEARCH_LATENCY.milliseconds,
    },
    { ...search, name: "cache_hits_total", counter: ticks * 2 },
    { ...search, name: "documents_total", gauge: DOCUMENTS },
    ...["latency", "errors"].map((type) => ({
      ...search,
      name: "trace_anomalies_total",
      labels: { type },
      counter: Math.floor(ticks / 10),
    })),
    ...["success", "failure"].map((status) => ({
      ...search,
      name: "trace_alert_checks_total",
      labels: { status },
      counter: status === "success" ? ticks : Math.floor(ticks / 10),
    })),
  ];
}
