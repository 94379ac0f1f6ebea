import { SERVICE_GRAPH, SPAN_METRICS } from "../../components/prometheus/metric-names";
import { parseConfig } from "../../config/parse";
import { promInstant } from "../helpers/data-source-api";
import { toldAddresses } from "../helpers/gateway-addresses";
import { lackingForHosts, nameReplicas } from "../helpers/hosts";
import { loadIntake } from "../helpers/intake";
import {
  generator,
  knownTrace,
  sendApart,
  sendParts,
  spanIdsOf,
  tracesById,
  type KnownTrace,
} from "../helpers/known-traces";
import { eventually } from "../helpers/ports";
import { editFiles, startStack, type Mutation, type ProcessStack } from "../helpers/process-stack";
import { expectRefusals } from "../helpers/refusals";
import { describeWith } from "../helpers/skip";

const RATIO = 0.1;
const SERVICES = ["tempo", "prometheus", "collector", "collector-gateway"] as const;
/** Of each tier. */
const REPLICAS = 2;
const config = parseConfig(
  {
    target: "kubernetes",
    kubernetes: { context: "none" },
    replicas: { collector: REPLICAS, "collector-gateway": REPLICAS },
    sampling: { ratio: RATIO, decisionWait: "5s" },
    jaeger: { enabled: false },
  },
  { stack: "dev", environment: {} },
);
const WAIT = config.sampling.decisionWait * 1000;
const SPANS = 5;
const COUNTS = { ordinary: 800, error: 80, slow: 80, health: 40 };

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A collector with another certificate, of the directory that `of` gives. */
const presenting = (of: (stack: ProcessStack) => string, stack: ProcessStack): Mutation =>
  editFiles("collector", ({ path, content }, { layout }) => ({
    path,
    content: content.replaceAll(`${layout.identity}/`, `${of(stack)}/`),
  }));

const random = generator(7);
const makeTraces = (counts: Partial<typeof COUNTS>): KnownTrace[] =>
  Object.entries(counts).flatMap(([kind, count]) =>
    Array.from({ length: count }, (_, index) =>
      knownTrace(kind as KnownTrace["kind"], index, Date.now() - 2000, random),
    ),
  );

const partsOf = (traces: readonly KnownTrace[]) => traces.flatMap(({ parts }) => parts);
const whole = (traces: readonly KnownTrace[]) =>
  Object.fromEntries(traces.map((trace) => [trace.id, spanIdsOf(trace).join()]));

describeWith(SERVICES, "The collector in two tiers", () => {
  let stack: ProcessStack;
  /** Whether the gateway finds replicas by their name, as in a cluster. */
  let byName: boolean;
  const traces = makeTraces(COUNTS);
  /** What was refused, and taken when it was sent again. */
  const sentAgain = makeTraces({ error: 20 });
  const of = (kind: KnownTrace["kind"]) => traces.filter((trace) => trace.kind === kind);
  let found: Map<string, string[]>;

  const stored = async (wanted: readonly KnownTrace[]) =>
    Object.fromEntries(
      [
        ...(await tracesById(
          stack,
          wanted.map(({ id }) => id),
        )),
      ].map(([id, spans]) => [id, [...new Set(spans)].join()]),
    );
  const rows = async (query: string) =>
    (await promInstant(stack, query, Date.now() / 1000)).series.map(({ labels, values }) => ({
      labels,
      value: Number(values[0][1]),
    }));
  const sum = async (name: string, labels = "") =>
    (await rows(`sum(${name}{${labels}})`))[0]?.value ?? 0;
  /** What the gateway answers; undefined where it takes what it is sent. */
  const refusal = (parts = partsOf(makeTraces({ ordinary: 10 })), replica?: number) =>
    sendParts(stack, parts, replica).then(
      () => undefined,
      (error: Error) => error.message,
    );

  beforeAll(async () => {
    byName = (await lackingForHosts()).length === 0;
    stack = await startStack({
      config,
      services: SERVICES,
      lookUp: byName ? ["collector-gateway"] : [],
      mutate: byName ? undefined : toldAddresses,
      before: ({ directory }) => nameReplicas(directory, "collector", [0, 1]),
    });
    const gap = await sendApart(stack, traces, {
      perBatch: 100,
      interval: 50,
      apart: 1200,
      replicas: REPLICAS,
    });
    console.log(
      `replicas found ${byName ? "by name" : "by address"}; the parts of a trace came up to ` +
        `${gap} ms apart, the decision after ${WAIT} ms`,
    );
    expect(gap).toBeLessThan(WAIT);
    await sleep(WAIT);
    const wanted = [...of("error"), ...of("slow")];
    await eventually(async () => expect(await stored(wanted)).toEqual(whole(wanted)));
    found = await tracesById(
      stack,
      traces.map(({ id }) => id),
    );
  }, 90_000);
  afterAll(() => stack?.stop(), 60_000);

  test("keeps a trace whole or not at all, whichever gateways its parts came through", () => {
    const torn = traces.filter((trace) => {
      const spans = found.get(trace.id);
      return spans !== undefined && spans.join() !== spanIdsOf(trace).join();
    });
    expect(torn.map(({ id }) => id)).toEqual([]);
    const kept = of("ordinary").filter(({ id }) => found.has(id)).length;
    const deviation = Math.sqrt(COUNTS.ordinary * RATIO * (1 - RATIO));
    expect(Math.abs(kept - COUNTS.ordinary * RATIO)).toBeLessThan(4 * deviation);
    expect(of("health").filter(({ id }) => found.has(id))).toEqual([]);
  });

  test("counts every span and every call once, summed over the replicas", async () => {
    const calls = [
      ["gateway", "orders"],
      ["orders", "stock"],
    ].map(([client, server]) => `client="${client}",server="${server}"`);
    const failed = traces.filter(({ parts }) =>
      parts.some(({ spans }) => spans.some(({ status }) => status)),
    );
    await eventually(
      async () =>
        expect({
          spans: await sum(SPAN_METRICS.calls),
          durations: await sum(`${SPAN_METRICS.duration}_count`),
          errors: await sum(SPAN_METRICS.calls, 'status_code="STATUS_CODE_ERROR"'),
          orders: await sum(SPAN_METRICS.calls, 'span_name="GET /orders"'),
          edges: [
            await sum(SERVICE_GRAPH.requests, calls[0]),
            await sum(SERVICE_GRAPH.requests, calls[1]),
          ],
        }).toEqual({
          spans: traces.length * SPANS,
          durations: traces.length * SPANS,
          errors: failed.length,
          orders: traces.length - COUNTS.health,
          edges: [traces.length, traces.length],
        }),
      { timeout: 40_000, interval: 500 },
    );
    const parts = await rows(`sum by (collector_instance_id) (${SPAN_METRICS.calls})`);
    expect(parts.map(({ labels }) => labels.collector_instance_id).sort()).toEqual([
      "collector-0",
      "collector-1",
    ]);
    console.log(`spans of each replica: ${parts.map(({ value }) => value).join(", ")}`);
  }, 60_000);

  test("tells what each process does apart, and counts no span of its own twice", async () => {
    const accepted = (job: string) =>
      sum("otelcol_receiver_accepted_spans_total", `job="${job}",receiver="otlp"`);
    await eventually(
      async () =>
        expect([await accepted("collector-gateway"), await accepted("collector")]).toEqual([
          traces.length * SPANS,
          traces.length * SPANS,
        ]),
      { timeout: 40_000, interval: 500 },
    );
    const processes = await rows('count by (instance) (target_info{job=~"collector.*"})');
    expect(processes.map(({ labels }) => labels.instance).sort()).toEqual([
      "collector-0",
      "collector-1",
      "collector-gateway-0",
      "collector-gateway-1",
    ]);
  }, 60_000);

  test("refuses whom it must: at the second tier an application too", async () => {
    await expectRefusals(stack, "collector");
    await expectRefusals(stack, "collector-gateway");
  }, 60_000);

  test.each([
    [
      "a certificate with another name",
      ({ pki }: ProcessStack) => pki.identity("prometheus"),
      /certificate is valid for .*prometheus.*, not collector/,
    ],
    [
      "a certificate of another CA",
      ({ foreign }: ProcessStack) => foreign.identity("collector"),
      /certificate signed by unknown authority/,
    ],
  ])(
    "sends nothing to a collector with %s",
    async (_, identity, reason) => {
      for (const index of [0, 1]) {
        await stack.startReplica("collector", index, presenting(identity, stack));
      }
      await eventually(async () => expect(await refusal()).toMatch(reason));
      for (const index of [0, 1]) await stack.startReplica("collector", index);
      await eventually(async () => expect(await refusal()).toBeUndefined());
    },
    60_000,
  );

  test("tells senders to try again while no collector is there, and takes nothing", async () => {
    await Promise.all([0, 1].map((index) => stack.kill("collector", "SIGTERM", index)));
    for (const gateway of [0, 1]) {
      // 503 and gRPC's 14: such as the specification of OTLP lets a sender repeat.
      expect(await refusal(partsOf(sentAgain), gateway)).toMatch(/answered 503: {"code":14,/);
    }
    const shape = { spansPerTrace: 5, spansPerRequest: 50, attributes: "few" } as const;
    const { accepted, refused } = await loadIntake(stack, { shape, seconds: 1, concurrency: 2 });
    expect([accepted, refused > 0]).toEqual([0, true]);
    await Promise.all([0, 1].map((index) => stack.restart("collector", index)));
    await eventually(async () => expect(await refusal(partsOf(sentAgain))).toBeUndefined());
  }, 60_000);

  test("loses of what it took only what was not decided yet when a collector is killed", async () => {
    await stack.kill("tempo");
    const decided = makeTraces({ error: 60 });
    await sendParts(stack, partsOf(decided));
    await sleep(WAIT + 1500);
    const pending = makeTraces({ error: 60 });
    await sendParts(stack, partsOf(pending), 1);
    await stack.kill("collector", "SIGKILL", 1);
    await stack.restart("tempo");
    // Its part is refused until the name forgets it; who tries again is served by the other.
    const repeated = makeTraces({ error: 40 });
    expect(await refusal(partsOf(repeated))).toMatch(/answered 503/);
    if (byName) {
      await nameReplicas(stack.directory, "collector", [0]);
      const since = Date.now();
      await eventually(async () => expect(await refusal(partsOf(repeated))).toBeUndefined());
      console.log(`taken ${Date.now() - since} ms after the name had forgotten the killed one`);
    }
    await stack.restart("collector", 1);
    await nameReplicas(stack.directory, "collector", [0, 1]);
    if (!byName)
      await eventually(async () => expect(await refusal(partsOf(repeated))).toBeUndefined());
    const kept = [...sentAgain, ...decided, ...repeated];
    await eventually(async () => expect(await stored(kept)).toEqual(whole(kept)), {
      timeout: 40_000,
    });
    // Of what waited for its decision, each trace is whole or gone with the one that had it.
    const left = await stored(pending);
    expect(whole(pending.filter(({ id }) => id in left))).toEqual(left);
    const lost = pending.length - Object.keys(left).length;
    console.log(`of ${pending.length} undecided traces ${lost} were lost`);
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThan(pending.length);
  }, 90_000);
});
