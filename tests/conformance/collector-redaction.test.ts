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

  test("masks what is too deep in a log, and a span's attribute that is, and nothing else", async () => {
    const nested = (depth: number, leaf: string): object =>
      Array.from({ length: depth }).reduce<object>(
        (value, _, level) =>
          level % 2 === 0
            ? { arrayValue: { values: [value] } }
            : { kvlistValue: { values: [{ key: "k", value }] } },
        { stringValue: leaf },
      );
    const maps = (depth: number, leaf: string): object =>
      Array.from({ length: depth }).reduce<object>(
        (value) => ({ kvlistValue: { values: [{ key: "k", value }] } }),
        { stringValue: leaf },
      );
    const shallowOf = (name: string) => [
      { key: `${name}.shallow`, value: nested(64, "stays") },
      { key: `${name}.count`, value: { intValue: "4712" } },
    ];
    const deepOf = (name: string) => [
      { key: `${name}.deep`, value: nested(66, "lost") },
      { key: `${name}.beside`, value: { stringValue: "stays" } },
    ];
    const twins = [
      { key: "twin", value: maps(66, "lost") },
      // What the other's 65th level is called, when all above it are one map.
      { key: `twin${".k".repeat(64)}`, value: { stringValue: "stays" } },
    ];
    const bodies = [nested(64, "kept"), nested(66, "gone"), {}, { intValue: "4711" }, undefined];
    const logRecords = [
      ...bodies.map((body) => ({ timeUnixNano: "1", ...(body && { body }) })),
      { timeUnixNano: "1", body: nested(64, "kept"), attributes: shallowOf("log") },
      { timeUnixNano: "1", attributes: deepOf("log") },
      { timeUnixNano: "1", attributes: twins },
    ];
    const resourceLogs = [shallowOf, deepOf].map((of) => ({
      resource: { attributes: of("resource") },
      scopeLogs: [{ scope: { name: "s", attributes: of("scope") }, logRecords }],
    }));
    const attributes = [
      { key: "span.shallow", value: nested(999, "stays") },
      { key: "span.deep", value: nested(1000, "lost") },
    ];
    const span = { traceId: "1".repeat(32), spanId: "1".repeat(16), name: "n", attributes };
    const before = stack.log("collector", 1_000_000).length;
    await sendJson(stack, "logs", { resourceLogs });
    await sendJson(stack, "traces", { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
    await eventually(() => {
      const printed = stack.log("collector", 1_000_000).slice(before);
      expect(printed.match(/Body: \S+\(.*kept/g)).toHaveLength(4);
      expect(printed).toContain("Body: Str(****)");
      expect(printed).toContain("Body: Int(4711)");
      for (const name of ["resource", "scope", "log", "span"]) {
        expect(printed).toMatch(new RegExp(`-> ${name}\\.shallow: .*stays`));
        expect(printed).toContain(`-> ${name}.deep: Str(****)`);
        if (name === "span") continue;
        expect(printed).toContain(`-> ${name}.count: Int(4712)`);
        expect(printed).toContain(`-> ${name}.beside: Str(stays)`);
      }
      expect(printed).toContain("-> twin: Str(****)");
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
