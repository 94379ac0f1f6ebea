import type { Level, MixLog, MixSpan, SpanKind } from "./known-mix";

/** The mix as requests of OTLP over HTTP in JSON. */

const KINDS: Record<SpanKind, number> = { SERVER: 2, CLIENT: 3, PRODUCER: 4, CONSUMER: 5 };
const SEVERITIES: Record<Level, number> = { DEBUG: 5, INFO: 9, WARN: 13, ERROR: 17 };
const ERROR = 2;
const CUMULATIVE = 2;

const nanoseconds = (milliseconds: number) => `${Math.round(milliseconds)}000000`;
const keyValues = (attributes: Readonly<Record<string, string>>) =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: { stringValue: value } }));

const resourceOf = (service: string) => ({
  attributes: keyValues({
    "service.name": service,
    "service.version": "1.4.2",
    "service.instance.id": `${service}-1`,
  }),
});

/** What `make` makes of each service's items. */
function byService<T extends { service: string }, R>(
  items: readonly T[],
  make: (service: string, own: T[]) => R,
): R[] {
  const services = [...new Set(items.map(({ service }) => service))];
  return services.map((name) =>
    make(
      name,
      items.filter(({ service }) => service === name),
    ),
  );
}

export function tracesRequest(spans: readonly MixSpan[]) {
  const resourceSpans = byService(spans, (service, own) => ({
    resource: resourceOf(service),
    scopeSpans: [
      {
        scope: { name: "known-mix" },
        spans: own.map((span) => ({
          traceId: span.traceId,
          spanId: span.spanId,
          ...(span.parentSpanId !== undefined && { parentSpanId: span.parentSpanId }),
          name: span.name,
          kind: KINDS[span.kind],
          startTimeUnixNano: nanoseconds(span.start),
          endTimeUnixNano: nanoseconds(span.end),
          attributes: keyValues(span.attributes),
          ...(span.failed && { status: { code: ERROR, message: "refused" } }),
        })),
      },
    ],
  }));
  return { resourceSpans };
}

export function logsRequest(logs: readonly MixLog[]) {
  const resourceLogs = byService(logs, (service, own) => ({
    resource: resourceOf(service),
    scopeLogs: [
      {
        scope: { name: "known-mix" },
        logRecords: own.map(({ traceId, spanId, level, time, body, attributes }) => ({
          timeUnixNano: nanoseconds(time),
          observedTimeUnixNano: nanoseconds(time),
          severityNumber: SEVERITIES[level],
          severityText: level,
          body: { stringValue: body },
          attributes: keyValues(attributes),
          traceId,
          spanId,
        })),
      },
    ],
  }));
  return { resourceLogs };
}

/** A metric of an application under the name that it has in Prometheus, so without a unit. */
export type MixMetric = { service: string; name: string; labels?: Record<string, string> } & (
  | { gauge: number }
  | { counter: number }
  | { bounds: readonly number[]; counts: readonly number[]; sum: number }
);

function dataOf(metric: MixMetric, start: number, now: number) {
  const point = {
    startTimeUnixNano: nanoseconds(start),
    timeUnixNano: nanoseconds(now),
    attributes: keyValues(metric.labels ?? {}),
  };
  if ("gauge" in metric) return { gauge: { dataPoints: [{ ...point, asDouble: metric.gauge }] } };
  if ("counter" in metric) {
    return {
      sum: {
        aggregationTemporality: CUMULATIVE,
        isMonotonic: true,
        dataPoints: [{ ...point, asDouble: metric.counter }],
      },
    };
  }
  return {
    histogram: {
      aggregationTemporality: CUMULATIVE,
      dataPoints: [
        {
          ...point,
          count: String(metric.counts.reduce((sum, count) => sum + count, 0)),
          sum: metric.sum,
          explicitBounds: metric.bounds,
          bucketCounts: metric.counts.map(String),
        },
      ],
    },
  };
}

/** @param start when the counters began, in milliseconds since 1970 */
export function metricsRequest(metrics: readonly MixMetric[], start: number, now: number) {
  const resourceMetrics = byService(metrics, (service, own) => ({
    resource: resourceOf(service),
    scopeMetrics: [
      {
        scope: { name: "known-mix" },
        metrics: own.map((metric) => ({ name: metric.name, ...dataOf(metric, start, now) })),
      },
    ],
  }));
  return { resourceMetrics };
}
