import { GRAPH_LABELS, SERVICE_GRAPH } from "../metric-names";
import { sumBy } from "./spans";

const { client, server, clientEnvironment, serverEnvironment } = GRAPH_LABELS;

/** Labels of an edge. */
export const EDGE = `${client}, ${server}`;

export const EDGES = {
  /** In the chosen environments. What sends no spans, such as a database, has none. */
  all: `${clientEnvironment}=~"$environment|", ${serverEnvironment}=~"$environment|"`,
  /** Into the chosen service. */
  in: `${serverEnvironment}=~"$environment", ${server}=~"$service"`,
  /** Out of it. */
  out: `${clientEnvironment}=~"$environment", ${client}=~"$service"`,
} as const;

const rate = (metric: string, edges: string, window: string) =>
  `rate(${metric}{${edges}}[${window}])`;

/** Requests per second. */
export const edgeRate = (by: string, edges: string, window: string) =>
  sumBy(by, rate(SERVICE_GRAPH.requests, edges, window));

/** Share of requests that failed, also 0 where none did. */
export function edgeFailedShare(by: string, edges: string, window: string): string {
  const all = edgeRate(by, edges, window);
  const failed = sumBy(by, rate(SERVICE_GRAPH.failed, edges, window));
  return `(${failed} or 0 * ${all}) / ${all}`;
}

/** Quantile of durations in seconds, as the caller (`client`) or the called (`server`) saw them. */
export function edgeQuantile(
  quantile: number,
  seenBy: "client" | "server",
  by: string,
  edges: string,
  window: string,
): string {
  const bucket =
    seenBy === "client" ? SERVICE_GRAPH.clientSecondsBucket : SERVICE_GRAPH.serverSecondsBucket;
  const labels = by === "" ? "le" : `le, ${by}`;
  return `histogram_quantile(${quantile}, ${sumBy(labels, rate(bucket, edges, window))})`;
}
