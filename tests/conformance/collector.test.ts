import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse, stringify } from "yaml";
import { collectorDocuments } from "../../components/collector/config";
import { redactionArgs } from "../../components/collector/redaction";
import { parseConfig } from "../../config/parse";
import { contextOf } from "../helpers/golden";
import { loadIntake, sendAsApplication, sendJson, spansReceived } from "../helpers/intake";
import { eventually } from "../helpers/ports";
import { editFiles, startStack, type ProcessStack } from "../helpers/process-stack";
import { expectRefusals, servedSerial } from "../helpers/refusals";
import { expectStored, spansInTempo } from "../helpers/requests";
import { programPath } from "../helpers/servers";
import { describeWith } from "../helpers/skip";

const run = promisify(execFile);
const MI = 2 ** 20;
const SHAPE = { spansPerTrace: 5, spansPerRequest: 500, attributes: "many" } as const;

interface Exporters {
  exporters: Record<string, { sending_queue: { queue_size: number } }>;
}

/** Queues that fill in a test's time, certificates that are looked for in it. */
const impatient = (queues: Record<string, number>) =>
  editFiles("collector", ({ path, content }) => {
    const document = parse(
      content.replaceAll("reload_interval: 15s", "reload_interval: 1s"),
    ) as Exporters;
    for (const [id, size] of Object.entries(queues)) {
      document.exporters[id].sending_queue.queue_size = size;
    }
    return { path, content: stringify(document, { aliasDuplicateObjects: false }) };
  });

describeWith(["collector"], "The collector's own check", () => {
  test.each([
    ["dev", {}],
    ["sampled", { sampling: { ratio: 0.1 } }],
    ["without redaction", { redaction: { enabled: false } }],
    [
      "with copies, a plaintext intake and the debug exporter",
      {
        debugExporter: { enabled: true },
        intake: { plaintext: { enabled: true } },
        extraReceivers: [
          { name: "vendor", endpoint: "otlp.example.org:4317" },
          { name: "archive", endpoint: "archive.example.org:443", protocol: "http" },
        ],
      },
    ],
  ])(
    "takes the document of the stack %s",
    async (_, options) => {
      const directory = await mkdtemp(join(tmpdir(), "tracekeep-"));
      try {
        const context = contextOf("collector", options);
        const [{ content }] = collectorDocuments(context);
        const file = join(directory, "collector.yaml");
        await writeFile(file, content);
        const args = ["validate", `--config=${file}`, ...redactionArgs(context.config)];
        await run(programPath("collector"), args);
      } finally {
        await rm(directory, { recursive: true });
      }
    },
    30_000,
  );
});

describeWith(["collector", "tempo"], "The collector in front of Tempo", () => {
  let stack: ProcessStack;
  beforeAll(async () => {
    stack = await startStack({
      // Jaeger does not run here: a copy that is dead from the start.
      config: parseConfig({ jaeger: { enabled: true } }, { stack: "dev", environment: {} }),
      services: ["tempo", "collector"],
      mutate: impatient({ "otlp_grpc/tempo": 8 * MI, "otlp_grpc/jaeger": MI }),
    });
  }, 60_000);
  afterAll(() => stack?.stop(), 60_000);

  test("stores what an application sends within 2 s", async () => {
    await expectStored(stack, await sendAsApplication(stack), 2000);
  }, 30_000);

  test("serves applications and services, and refuses strangers and plaintext", async () => {
    await expectRefusals(stack, "collector");
  }, 60_000);

  test.each(["otlpGrpc", "otlpHttp"])(
    "serves a renewed certificate on %s without a restart",
    async (listener) => {
      const pid = stack.process("collector").pid;
      const renewed = await stack.pki.reissue("collector");
      await eventually(async () =>
        expect(await servedSerial(stack, "collector", listener)).toBe(renewed),
      );
      expect(stack.process("collector").pid).toBe(pid);
    },
    60_000,
  );

  test("does not store health checks, but what passes such a path on its way", async () => {
    const ids = { probe: "a".repeat(32), passing: "b".repeat(32) };
    const span = (traceId: string, parentSpanId?: string) => ({
      traceId,
      spanId: "c".repeat(16),
      parentSpanId,
      name: "GET",
      kind: 2,
      startTimeUnixNano: `${Date.now()}000000`,
      endTimeUnixNano: `${Date.now()}000000`,
      attributes: [{ key: "url.path", value: { stringValue: "/healthz" } }],
    });
    const spans = [span(ids.probe), span(ids.passing, "d".repeat(16))];
    await sendJson(stack, "traces", { resourceSpans: [{ scopeSpans: [{ spans }] }] });
    await eventually(() => spansInTempo(stack, ids.passing));
    await expect(spansInTempo(stack, ids.probe)).rejects.toThrow();
  }, 30_000);

  test("goes on while a copy is dead and its queue full", async () => {
    const before = await spansReceived(stack);
    // Some 10 MiB, and the copy's queue holds one.
    const result = await loadIntake(stack, {
      shape: SHAPE,
      seconds: 4,
      concurrency: 2,
      rate: 4000,
    });
    expect(result.refused).toBe(0);
    expect(result.accepted).toBeGreaterThan(10_000);
    await eventually(async () =>
      expect((await spansReceived(stack)) - before).toBe(result.accepted),
    );
  }, 60_000);

  test("loses nothing that it acknowledged when it is killed while Tempo is away", async () => {
    await stack.kill("tempo");
    const made = [];
    for (let count = 0; count < 5; count++) made.push(await sendAsApplication(stack));
    await stack.kill("collector");
    await stack.restart("collector");
    made.push(await sendAsApplication(stack));
    await stack.restart("tempo");
    for (const one of made) await expectStored(stack, one, 60_000);
  }, 120_000);

  test("pushes senders back when the queue is full, and stores what it took", async () => {
    await stack.kill("tempo");
    const shape = SHAPE;
    const result = await loadIntake(stack, { shape, seconds: 8, concurrency: 2, timeout: 2 });
    expect(result.accepted).toBeGreaterThan(5000);
    expect(result.refused).toBeGreaterThan(0);
    await stack.restart("tempo");
    for (const id of result.traceIds) {
      await eventually(async () => expect(await spansInTempo(stack, id)).toHaveLength(5), {
        timeout: 60_000,
      });
    }
  }, 180_000);
});
