import { SPAN_METRICS } from "../../components/prometheus/metric-names";
import { parseConfig } from "../../config/parse";
import { promExemplars, promInstant } from "../helpers/data-source-api";
import { generator, knownTrace, sendParts, tracesById } from "../helpers/known-traces";
import { eventually } from "../helpers/ports";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { describeWith } from "../helpers/skip";

const SERVICES = ["tempo", "prometheus", "collector"] as const;
const config = parseConfig({ jaeger: { enabled: false } }, { stack: "dev", environment: {} });

/** As an idle service has them: most of what comes in are health checks. */
const HEALTH_CHECKS = 80;
const ORDINARY = 20;
/** Of which one is the health check; what it calls is stored. */
const SPANS = 5;

describeWith(SERVICES, "The collector that stores every trace but health checks", () => {
  let stack: ProcessStack;
  const random = generator(3);
  const traces = Array.from({ length: HEALTH_CHECKS + ORDINARY }, (_, index) => {
    const kind = index < HEALTH_CHECKS ? "health" : "ordinary";
    return knownTrace(kind, index + 1, Date.now() - 2000, random);
  });
  beforeAll(async () => {
    stack = await startStack({ config, services: SERVICES });
    await sendParts(
      stack,
      // Of health checks the root alone.
      traces.flatMap(({ kind, parts: [{ service, spans }, ...others] }) =>
        kind === "health" ? [{ service, spans: [spans[0]] }] : [{ service, spans }, ...others],
      ),
    );
  }, 90_000);
  afterAll(() => stack?.stop(), 60_000);

  const valueOf = async (query: string) =>
    (await promInstant(stack, query, Date.now() / 1000)).series[0]?.values[0][1];

  test("counts every span, health checks too, and stores the others", async () => {
    await eventually(
      async () => {
        const counted = await valueOf(`sum(${SPAN_METRICS.calls})`);
        expect(counted).toBe(HEALTH_CHECKS + ORDINARY * SPANS);
      },
      { timeout: 60_000, interval: 500 },
    );
    const stored = await tracesById(
      stack,
      traces.map(({ id }) => id),
    );
    const wanted = traces.filter(({ kind }) => kind === "ordinary").map(({ id }) => id);
    expect([...stored.keys()].sort()).toEqual(wanted.sort());
    expect([...stored.values()].flat()).toHaveLength(ORDINARY * SPANS);
  }, 90_000);

  test("has exemplars of stored traces alone", async () => {
    const ids = await eventually(
      async () => {
        const now = Date.now() / 1000;
        const range = { start: now - 600, end: now + 60, step: 1 };
        const exemplars = await promExemplars(stack, '{__name__=~"traces_span.+"}', range);
        expect(exemplars.length).toBeGreaterThan(0);
        return [...new Set(exemplars.map(({ labels }) => labels.trace_id))];
      },
      { timeout: 60_000, interval: 500 },
    );
    const stored = await tracesById(stack, ids);
    expect(ids.filter((id) => !stored.has(id))).toEqual([]);
  }, 90_000);

  test("pushes its own metrics", async () => {
    await eventually(
      async () =>
        expect(
          await valueOf('sum(otelcol_receiver_accepted_spans_total{job="collector"})'),
        ).toBeGreaterThan(0),
      { timeout: 60_000, interval: 500 },
    );
  }, 90_000);
});
