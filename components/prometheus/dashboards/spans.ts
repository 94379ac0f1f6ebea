import type { StackConfig } from "../../../config/parse";
import { hasOwnExemplars } from "../../collector/sampling";
import { OVER_TIME, promRange, type Query } from "../../grafana/dashboards/queries";
import { choiceVariable, labelVariable } from "../../grafana/dashboards/variables";
import { SPAN_LABELS, SPAN_METRICS, SPAN_VALUES } from "../metric-names";

const { service, environment, span, kind, status } = SPAN_LABELS;

/** Spans of the services that the variables of a dashboard choose. */
export const CHOSEN_SERVICES = `${environment}=~"$environment", ${service}=~"$service"`;

/** Of these, the chosen kind. */
export const CHOSEN = `${CHOSEN_SERVICES}, ${kind}=~"$kind"`;

const rate = (metric: string, selector: string, window: string) =>
  `rate(${metric}{${selector}}[${window}])`;

/** A sum by these labels, or of everything. */
export const sumBy = (by: string, expr: string) =>
  by === "" ? `sum(${expr})` : `sum by (${by}) (${expr})`;

/** Spans per second; `by` may be empty here and below. */
export const callRate = (by: string, selector: string, window: string) =>
  sumBy(by, rate(SPAN_METRICS.calls, selector, window));

/** Share of spans that failed, also 0 where none did: a counter of failures is born with the first. */
export function failedShare(by: string, selector: string, window: string): string {
  const all = callRate(by, selector, window);
  const failed = callRate(by, `${selector}, ${status}="${SPAN_VALUES.error}"`, window);
  return `(${failed} or 0 * ${all}) / ${all}`;
}

/** Spans per second in each bucket of durations. */
export const durationBuckets = (selector: string) =>
  sumBy("le", rate(SPAN_METRICS.durationBucket, selector, OVER_TIME));

/** Quantile of durations, in seconds. */
export function durationQuantile(
  quantile: number,
  by: string,
  selector: string,
  window: string,
  bucket: string = SPAN_METRICS.durationBucket,
): string {
  const labels = by === "" ? "le" : `le, ${by}`;
  return `histogram_quantile(${quantile}, ${sumBy(labels, rate(bucket, selector, window))})`;
}

/**
 * Quantiles of durations over time with exemplars, which lead to traces that are stored. While not
 * all are, these are those of the stored traces alone, with a line of their own.
 */
export function durationsWithExemplars(
  config: StackConfig,
  quantiles: readonly number[],
  selector: string,
): Query[] {
  const apart = hasOwnExemplars(config);
  const lines = quantiles.map((quantile) =>
    promRange(durationQuantile(quantile, "", selector, OVER_TIME), {
      legend: `p${quantile * 100}`,
      exemplar: !apart,
    }),
  );
  if (!apart) return lines;
  const kept = durationQuantile(0.95, "", selector, OVER_TIME, SPAN_METRICS.exemplarsBucket);
  return [...lines, promRange(kept, { legend: "p95 of stored traces", exemplar: true })];
}

/** Environments and services that sent spans, and which spans of theirs count. */
export function spanVariables({ single = false } = {}) {
  return [
    labelVariable(SPAN_METRICS.calls, environment, {
      name: "environment",
      label: "Environment",
      description: "`deployment.environment.name` of the spans.",
    }),
    labelVariable(`${SPAN_METRICS.calls}{${environment}=~"$environment"}`, service, {
      name: "service",
      label: "Service",
      description: "`service.name` of the spans.",
      single,
    }),
  ];
}

/** Which spans count: those that answer somebody, or all. */
export const kindVariable = () =>
  choiceVariable(
    "kind",
    "Spans",
    "Requests that a service answers (server and consumer spans), or every span of it.",
    { "requests answered": SPAN_VALUES.entryKinds.join("|"), "all spans": ".*" },
  );

/** Operations of the spans that a selector chooses, by default those of the chosen services. */
export const operationVariable = (selector = CHOSEN_SERVICES) =>
  labelVariable(`${SPAN_METRICS.calls}{${selector}}`, span, {
    name: "operation",
    label: "Operation",
    description: "Name of the spans.",
  });
