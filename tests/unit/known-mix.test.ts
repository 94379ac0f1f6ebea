import { CYCLE, tickAt, type MixLog, type MixSpan } from "../helpers/known-mix";
import {
  bucketOf,
  counterKey,
  edgeCounts,
  levelCounts,
  serviceFigures,
  spanCounts,
} from "../helpers/mix-figures";

const NOW = Date.UTC(2026, 0, 1);
const ticks = Array.from({ length: CYCLE }, (_, tick) => tickAt("unit", tick, NOW));
const spans: MixSpan[] = ticks.flatMap((tick) => tick.spans);
const logs: MixLog[] = ticks.flatMap((tick) => tick.logs);

describe("the known mix", () => {
  test("is the same every time, with ids that differ", () => {
    expect(tickAt("unit", 7, NOW)).toEqual(ticks[7]);
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(CYCLE * 4);
    expect(tickAt("other", 7, NOW).spans[0].traceId).not.toBe(ticks[7].spans[0].traceId);
  });

  test("has these figures a cycle", () => {
    expect(serviceFigures(spans)).toEqual({
      frontend: { requests: 80, errorShare: 0.05, p95: expect.any(Number) as number },
      checkout: { requests: 20, errorShare: 0.2, p95: 1.532 },
      payment: { requests: 20, errorShare: 0.2, p95: 1.5 },
      inventory: { requests: 20, errorShare: 0, p95: 0.019 },
      mailer: { requests: 20, errorShare: 0, p95: 0.04 },
      search: { requests: 60, errorShare: 0.05, p95: 0.727 },
      embedder: { requests: 60, errorShare: 0, p95: 0.018 },
    });
    expect(edgeCounts(spans)).toEqual({
      "user → frontend": 80,
      "frontend → checkout": 20,
      "frontend → search": 60,
      "checkout → payment": 20,
      "checkout → inventory": 20,
      "checkout → mailer": 20,
      "inventory → stock": 20,
      "search → embedder": 60,
      "search → qdrant": 60,
    });
    expect(levelCounts(logs, "payment")).toEqual({ DEBUG: 5, INFO: 32, WARN: 2, ERROR: 4 });
    const charges = counterKey("payment", "Charge", "SPAN_KIND_SERVER", "STATUS_CODE_ERROR");
    expect(spanCounts(spans)[charges]).toBe(4);
  });

  test("puts a child inside its parent, but for what waited in a queue", () => {
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    for (const span of spans.filter(({ kind }) => kind !== "CONSUMER")) {
      const parent = byId.get(span.parentSpanId ?? "");
      if (!parent) continue;
      expect(span.start).toBeGreaterThanOrEqual(parent.start);
      expect(span.end).toBeLessThanOrEqual(parent.end);
    }
  });

  test("says which bucket a duration falls into", () => {
    expect(bucketOf(0.5, [0.1, 0.5, 1])).toEqual([0.1, 0.5]);
    expect(bucketOf(0.05, [0.1, 0.5, 1])).toEqual([0, 0.1]);
    expect(() => bucketOf(2, [0.1, 0.5, 1])).toThrow("above every bound");
  });
});
