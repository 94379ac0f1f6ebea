import type { Level, MixLog, MixSpan } from "./known-mix";

/** What dashboards must show of spans and log lines, counted from these themselves. */

const isEntry = ({ kind }: MixSpan) => kind === "SERVER" || kind === "CONSUMER";

/** Key of a counter of spans: service, name, kind and status as the series' labels have them. */
export const counterKey = (service: string, name: string, kind: string, status: string): string =>
  [service, name, kind, status].join(" | ");

/** Spans by `counterKey`: what `traces_spanmetrics_calls_total` must be, to the span. */
export function spanCounts(spans: readonly MixSpan[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { service, name, kind, failed } of spans) {
    const status = failed ? "STATUS_CODE_ERROR" : "STATUS_CODE_UNSET";
    const key = counterKey(service, name, `SPAN_KIND_${kind}`, status);
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** A service as its callers see it. */
export interface ServiceFigures {
  requests: number;
  /** Share of them that failed. */
  errorShare: number;
  /** Seconds that 95 of 100 took at most, by rank. */
  p95: number;
}

/** Figures of each service that answered something. */
export function serviceFigures(spans: readonly MixSpan[]): Record<string, ServiceFigures> {
  const entries = spans.filter(isEntry);
  const services = [...new Set(entries.map(({ service }) => service))].sort();
  return Object.fromEntries(
    services.map((name) => {
      const own = entries.filter(({ service }) => service === name);
      const durations = own.map(({ start, end }) => (end - start) / 1000).sort((a, b) => a - b);
      return [
        name,
        {
          requests: own.length,
          errorShare: own.filter(({ failed }) => failed).length / own.length,
          p95: durations[Math.ceil(durations.length * 0.95) - 1],
        },
      ];
    }),
  );
}

/** Bounds of the histogram bucket that a duration falls into, in seconds: above one, up to the other. */
export function bucketOf(duration: number, bounds: readonly number[]): [number, number] {
  const index = bounds.findIndex((bound) => duration <= bound);
  if (index < 0) throw new Error(`${duration} s is above every bound`);
  return [index === 0 ? 0 : bounds[index - 1], bounds[index]];
}

/**
 * Edges of the service graph, `client → server`, each with its requests. A root span's caller is
 * unknown and called `user`; a peer without telemetry is known by its name alone.
 */
export function edgeCounts(spans: readonly MixSpan[]): Record<string, number> {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const asked = new Set(spans.map(({ parentSpanId }) => parentSpanId));
  const counts: Record<string, number> = {};
  const add = (client: string, server: string) => {
    const key = `${client} → ${server}`;
    counts[key] = (counts[key] ?? 0) + 1;
  };
  for (const span of spans) {
    if (isEntry(span)) {
      const caller = span.parentSpanId === undefined ? undefined : byId.get(span.parentSpanId);
      add(caller?.service ?? "user", span.service);
    } else if (!asked.has(span.spanId)) {
      add(span.service, span.attributes["db.name"] ?? span.attributes["peer.service"]);
    }
  }
  return counts;
}

/** Log lines by level, of one service or of all. */
export function levelCounts(logs: readonly MixLog[], service?: string): Record<Level, number> {
  const counts: Record<Level, number> = { DEBUG: 0, INFO: 0, WARN: 0, ERROR: 0 };
  for (const log of logs) {
    if (service === undefined || log.service === service) counts[log.level]++;
  }
  return counts;
}
