import { parseConfig } from "../../config/parse";
import { sendJson } from "../helpers/intake";
import { Planter, SHAPES } from "../helpers/planted";
import { plantedMetrics } from "../helpers/planted-metrics";
import { CANARY, plantedLogs, plantedTraces } from "../helpers/planted-telemetry";
import { eventually } from "../helpers/ports";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { describeWith } from "../helpers/skip";

const planter = new Planter();
const SIGNALS = [
  ["traces", plantedTraces(planter).request],
  ["logs", plantedLogs(planter)],
  ["metrics", plantedMetrics(planter)],
] as const;

/** What the collector prints of what passed, behind the redaction. */
async function passed(stack: ProcessStack, signal: string, request: unknown): Promise<string> {
  const before = stack.log("collector", 1_000_000).length;
  await sendJson(stack, signal as "traces", request);
  return eventually(() => {
    const printed = stack.log("collector", 1_000_000).slice(before);
    expect(printed.split(CANARY).length).toBeGreaterThan(4 * SHAPES.length);
    return Promise.resolve(printed);
  });
}

const start = (redaction: object) =>
  startStack({
    config: parseConfig(
      {
        debugExporter: { enabled: true, verbosity: "detailed" },
        jaeger: { enabled: false },
        sampling: { dropHealthChecks: false },
        redaction,
      },
      { stack: "dev", environment: {} },
    ),
    services: ["collector"],
  });

const leaksOf = (text: string) =>
  [...planter.planted].filter(([needle]) => text.includes(needle)).map(([, what]) => what);

describeWith(["collector"], "The collector's redaction", () => {
  let stack: ProcessStack;
  beforeAll(async () => {
    stack = await start({});
  }, 60_000);
  afterAll(() => stack?.stop(), 60_000);

  test.each(SIGNALS)(
    "lets no planted secret of %s pass",
    async (signal, request) => {
      const printed = await passed(stack, signal, request);
      expect(leaksOf(printed)).toEqual([]);
      // What is no secret stays, and nothing of the work on it does.
      expect(printed).toContain("page=2");
      expect(printed).not.toContain("tracekeep.lent");
    },
    60_000,
  );

  test("masks a log's body and a span's attribute only where they are too deep", async () => {
    const nested = (depth: number, leaf: string): object =>
      Array.from({ length: depth }).reduce<object>(
        (value, _, level) =>
          level % 2 === 0
            ? { arrayValue: { values: [value] } }
            : { kvlistValue: { values: [{ key: "k", value }] } },
        { stringValue: leaf },
      );
    const bodies = [nested(64, "kept"), nested(66, "gone"), {}, { intValue: "4711" }, undefined];
    const logRecords = bodies.map((body) => ({ timeUnixNano: "1", ...(body && { body }) }));
    const attributes = [
      { key: "shallow", value: nested(999, "stays") },
      { key: "deep", value: nested(1000, "lost") },
    ];
    const span = { traceId: "1".repeat(32), spanId: "1".repeat(16), name: "n", attributes };
    const before = stack.log("collector", 1_000_000).length;
    await sendJson(stack, "logs", { resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
    await sendJson(stack, "traces", { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
    await eventually(() => {
      const printed = stack.log("collector", 1_000_000).slice(before);
      expect(printed).toMatch(/Body: \S+\(.*kept/);
      expect(printed).toContain("Body: Str(****)");
      expect(printed).toContain("Body: Int(4711)");
      expect(printed).toMatch(/-> shallow: .*stays/);
      expect(printed).toContain("-> deep: Str(****)");
      expect(printed).not.toMatch(/gone|lost/);
      return Promise.resolve();
    });
  }, 60_000);
});

describeWith(["collector"], "The collector without redaction", () => {
  let stack: ProcessStack;
  beforeAll(async () => {
    stack = await start({ enabled: false });
  }, 60_000);
  afterAll(() => stack?.stop(), 60_000);

  test.each(SIGNALS)(
    "lets every planted secret of %s pass: they are looked for well",
    async (signal, request) => {
      const printed = await passed(stack, signal, request);
      const sent = JSON.stringify(request);
      const planted = [...planter.planted].filter(([needle]) => sent.includes(needle));
      expect(planted.length).toBeGreaterThan(100);
      const unseen = planted.filter(([needle]) => !printed.includes(needle));
      expect(unseen.map(([, what]) => what)).toEqual([]);
    },
    60_000,
  );
});
