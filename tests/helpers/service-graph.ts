import { promInstant, type Answer, type Range } from "./data-source-api";
import type { ProcessStack } from "./process-stack";

/** Series that Grafana's service map is made of, under the names that Tempo's data source asks for. */
const SERIES = {
  requests: "traces_service_graph_request_total",
  failed: "traces_service_graph_request_failed_total",
  seconds: "traces_service_graph_request_server_seconds_sum",
  histogram: "traces_service_graph_request_server_seconds_bucket",
} as const;

/** The service graph as Tempo's data source asks Prometheus for it; each selector is a graph. */
export async function serviceGraph(
  stack: ProcessStack,
  selectors: readonly string[],
  { start, end }: Range,
): Promise<Answer> {
  const range = Math.round(end - start);
  const by = "client, server, server_service_namespace, client_service_namespace";
  const ask = (metric: string, selector: string) =>
    promInstant(stack, `sum by (${by}) (rate(${metric}${selector}[${range}s]))`, end);
  const answers = await Promise.all(selectors.map((selector) => ask(SERIES.requests, selector)));
  // Without any of these the map has no numbers to its nodes.
  const [seconds, buckets] = await Promise.all([
    ask(SERIES.seconds, ""),
    ask(SERIES.histogram, ""),
  ]);
  if (seconds.series.length === 0 || buckets.series.length === 0) {
    throw new Error("the service graph has requests and no durations");
  }
  return { series: answers.flatMap(({ series }) => series), lines: [], traces: [] };
}

/** `client → server` of each edge, sorted, each once. */
export function edgesOf({ series }: Answer): string[] {
  const edges = series.map(({ labels: { client, server } }) => `${client} → ${server}`);
  return [...new Set(edges)].sort();
}
