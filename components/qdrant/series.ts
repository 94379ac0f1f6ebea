/** Series of Qdrant's, chosen by Prometheus' braces without the braces. */

/** Answers differ in these. */
const ENDPOINT = "method, endpoint";

const rate = (metric: string, chosen: string, window: string, ...more: string[]) =>
  `rate(${metric}{${[chosen, ...more].join(", ")}}[${window}])`;

/** REST answers per second, by some labels. */
export const responses = (chosen: string, window: string, by = ENDPOINT): string =>
  `sum by (${by}) (${rate("rest_responses_total", chosen, window)})`;

/** Share of REST answers whose status is not 2xx, by endpoint or altogether. */
export function failedShare(chosen: string, window: string, by: "endpoint" | "all"): string {
  const sum = by === "all" ? "sum" : `sum by (${ENDPOINT}) `;
  const all = `${sum}(${rate("rest_responses_total", chosen, window)})`;
  const failed = `${sum}(${rate("rest_responses_total", chosen, window, 'status!~"2.."')})`;
  return `(${failed} or 0 * ${all}) / ${all}`;
}

/** Quantile of the durations of answers with status 200, by endpoint or altogether. */
export function durationQuantile(
  share: number,
  chosen: string,
  window: string,
  by: "endpoint" | "all",
): string {
  const labels = by === "all" ? "le" : `le, ${ENDPOINT}`;
  const buckets = rate("rest_responses_duration_seconds_bucket", chosen, window);
  return `histogram_quantile(${share}, sum by (${labels}) (${buckets}))`;
}
