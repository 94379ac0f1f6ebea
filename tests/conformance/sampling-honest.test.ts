import { SERVICE_GRAPH, SPAN_METRICS } from "../../components/prometheus/metric-names";
import { parseConfig } from "../../config/parse";
import { promExemplars, promInstant } from "../helpers/data-source-api";
import { spansReceived } from "../helpers/intake";
import {
  generator,
  knownTrace,
  sendApart,
  sendParts,
  spanIdsOf,
  tracesById,
  tracesBySearch,
  type KnownTrace,
} from "../helpers/known-traces";
import { eventually } from "../helpers/ports";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { describeWith } from "../helpers/skip";

const RATIO = 0.1;
const SERVICES = ["tempo", "prometheus", "collector"] as const;
const config = parseConfig(
  { sampling: { ratio: RATIO }, jaeger: { enabled: false } },
  { stack: "prod", environment: {} },
);

/** How many of ten thousand are what, and how many health checks come on top. */
const COUNTS = { ordinary: 9800, error: 100, slow: 100, health: 500 };
const SPANS = 5;

function makeTraces(): KnownTrace[] {
  const random = generator(20_251_121);
  const kinds = (["error", "slow", "health"] as const).flatMap((kind) =>
    Array.from({ length: COUNTS[kind] }, () => kind),
  );
  const total = COUNTS.ordinary + kinds.length;
  // Spread among the ordinary ones.
  const step = Math.floor(total / kinds.length);
  return Array.from({ length: total }, (_, index) => {
    const place = Math.floor(index / step);
    const kind = index % step === 0 && place < kinds.length ? kinds[place] : "ordinary";
    return knownTrace(kind, place, Date.now() - 2000, random);
  });
}

describeWith(SERVICES, "Sampling of ten thousand traces", () => {
  let stack: ProcessStack;
  const traces = makeTraces();
  const of = (kind: KnownTrace["kind"]) => traces.filter((trace) => trace.kind === kind);
  /** Span ids of what is stored, by trace id. */
  let found: Map<string, string[]>;
  /** Spans sent, late ones included. */
  let sent = traces.length * SPANS;

  const settled = async () => {
    let last = { spans: -1, at: 0 };
    await eventually(
      async () => {
        const spans = await spansReceived(stack);
        if (spans !== last.spans) last = { spans, at: Date.now() };
        expect(Date.now() - last.at).toBeGreaterThan(4000);
      },
      { timeout: 60_000, interval: 500 },
    );
  };

  beforeAll(async () => {
    stack = await startStack({ config, services: SERVICES });
    const gap = await sendApart(stack, traces, { perBatch: 250, interval: 200, apart: 4000 });
    const wait = config.sampling.decisionWait * 1000;
    console.log(`the parts of a trace came up to ${gap} ms apart, the decision after ${wait} ms`);
    // On a machine so slow that it is not, the test would say nothing.
    expect(gap).toBeLessThan(wait);
    await new Promise((resolve) => setTimeout(resolve, wait));
    await settled();
    // Searches leave out the last half minute.
    found = await eventually(
      async () => {
        const all = await tracesBySearch(stack, 2 * SPANS);
        // All that Tempo took is in the answer: nothing is stored that was not found.
        expect([...all.values()].flat()).toHaveLength(await spansReceived(stack));
        return all;
      },
      { timeout: 60_000, interval: 2000 },
    );
  }, 180_000);
  afterAll(() => stack?.stop(), 60_000);

  test("has the traces that it was to have", () => {
    const counts = Object.fromEntries(
      Object.keys(COUNTS).map((kind) => [kind, of(kind as never).length]),
    );
    expect(counts).toEqual(COUNTS);
  });

  test.each(["error", "slow"] as const)(
    "keeps every %s trace, and gives it whole by its id",
    async (kind) => {
      const wanted = of(kind).map((trace) => [trace.id, spanIdsOf(trace)]);
      const stored = await tracesById(
        stack,
        of(kind).map(({ id }) => id),
      );
      expect(Object.fromEntries(stored)).toEqual(Object.fromEntries(wanted));
    },
    60_000,
  );

  test("keeps a trace whole or not at all", () => {
    const torn = traces.filter((trace) => {
      const spans = found.get(trace.id);
      return spans !== undefined && spans.join() !== spanIdsOf(trace).join();
    });
    expect(torn.map(({ id }) => id)).toEqual([]);
  });

  test("keeps the configured share of the others", () => {
    const kept = of("ordinary").filter(({ id }) => found.has(id)).length;
    const deviation = Math.sqrt(COUNTS.ordinary * RATIO * (1 - RATIO));
    console.log(`${kept} of ${COUNTS.ordinary} ordinary traces were kept`);
    expect(Math.abs(kept - COUNTS.ordinary * RATIO)).toBeLessThan(3 * deviation);
  });

  test("drops health checks, those that fail too", () => {
    expect(of("health").filter(({ id }) => found.has(id))).toEqual([]);
  });

  test("lets spans that come after the decision follow it, whatever they are", async () => {
    // By its id alone such a span would be decided otherwise, nine times in ten and one in ten.
    const late = [...of("error"), ...of("health").slice(0, 100)].map((trace) => {
      const [{ service, spans }] = trace.parts;
      const spanId = `${trace.id.slice(0, 15)}f`;
      return { ...trace, parts: [{ service, spans: [{ ...spans[1], spanId }] }] };
    });
    await sendParts(
      stack,
      late.flatMap(({ parts }) => parts),
    );
    sent += late.length;
    await settled();
    const again = await tracesById(
      stack,
      late.map(({ id }) => id),
    );
    const missing = late.filter(
      ({ id, parts }) =>
        found.has(id) !== (again.get(id)?.includes(parts[0].spans[0].spanId) ?? false),
    );
    expect(missing).toEqual([]);
    // What was dropped has not come back with its late span alone.
    expect([...again.keys()].filter((id) => !found.has(id))).toEqual([]);
  }, 90_000);

  test("counts every span, health checks and late ones too", async () => {
    const sum = async (query: string) =>
      Number((await promInstant(stack, query, Date.now() / 1000)).series[0]?.values[0][1] ?? 0);
    await eventually(async () => expect(await sum(`sum(${SPAN_METRICS.calls})`)).toBe(sent), {
      timeout: 60_000,
      interval: 1000,
    });
    const calls = (labels: string) => sum(`sum(${SPAN_METRICS.calls}{${labels}})`);
    expect(await calls('span_name="GET /orders"')).toBe(traces.length - COUNTS.health);
    expect(await calls('span_name="GET /healthz"')).toBe(COUNTS.health);
    const failed = traces.filter(({ parts }) =>
      parts.some(({ spans }) => spans.some(({ status }) => status)),
    );
    expect(await calls('status_code="STATUS_CODE_ERROR"')).toBe(failed.length);
    expect(await sum(`sum(${SPAN_METRICS.duration}_count)`)).toBe(sent);
    // Each request calls twice; the halves of a call came seconds apart.
    expect(await sum(`sum(${SERVICE_GRAPH.requests}{client!="user"})`)).toBe(traces.length * 2);
  }, 90_000);

  test("has exemplars of kept traces alone", async () => {
    const exemplars = await eventually(
      async () => {
        const now = Date.now() / 1000;
        const range = { start: now - 600, end: now + 60, step: 1 };
        const all = await promExemplars(stack, '{__name__=~"traces_span.+"}', range);
        expect(all.length).toBeGreaterThan(20);
        return all;
      },
      { timeout: 60_000, interval: 1000 },
    );
    const ids = exemplars.map(({ labels }) => labels.trace_id);
    const share = ids.filter((id) => found.has(id)).length / ids.length;
    console.log(`${(100 * share).toFixed(1)} % of ${ids.length} exemplars lead to a stored trace`);
    expect(share).toBeGreaterThanOrEqual(0.95);
  }, 90_000);
});
