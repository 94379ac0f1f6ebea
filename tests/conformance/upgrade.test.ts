import { randomBytes } from "node:crypto";
import { checkConfig } from "../helpers/config-check";
import { sendJson } from "../helpers/intake";
import { configOf } from "../helpers/mocks";
import { eventually } from "../helpers/ports";
import { editFiles, startStack, type ProcessStack } from "../helpers/process-stack";
import { linesInLoki, spansInTempo } from "../helpers/requests";
import { describeWith } from "../helpers/skip";

const SERVICE = "upgrade";

const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } });
const resource = { attributes: [attribute("service.name", SERVICE)] };

/** Traces of two spans and as many log lines, sent one after the other until they are taken. */
class Sender {
  /** Ids of the traces, each the text of a log line too, that the collector has acknowledged. */
  readonly acknowledged: string[] = [];
  #running = true;
  readonly #done: Promise<void>;

  constructor(private readonly stack: ProcessStack) {
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
  }

  /** Waits until so many more are acknowledged. */
  async more(count: number): Promise<void> {
    const wanted = this.acknowledged.length + count;
    await eventually(
      () => {
        const { length } = this.acknowledged;
        if (length < wanted) throw new Error(`${length} of ${wanted} are acknowledged`);
        return Promise.resolve();
      },
      { timeout: 60_000 },
    );
  }

  async #run(): Promise<void> {
    while (this.#running) {
      const id = randomBytes(16).toString("hex");
      const now = `${Date.now()}000000`;
      await this.#taken("traces", {
        resourceSpans: [{ resource, scopeSpans: [{ spans: spansOf(id, now) }] }],
      });
      const line = { timeUnixNano: now, body: { stringValue: id } };
      await this.#taken("logs", {
        resourceLogs: [{ resource, scopeLogs: [{ logRecords: [line] }] }],
      });
      this.acknowledged.push(id);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** As OTLP asks of a sender: again, until it is taken. */
  async #taken(signal: "traces" | "logs", body: unknown): Promise<void> {
    for (;;) {
      const refusal = await sendJson(this.stack, signal, body).then(
        () => undefined,
        (error: Error) => error,
      );
      if (refusal === undefined) return;
      if (/answered 4(?!29)/.test(refusal.message)) throw refusal;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

const spansOf = (traceId: string, now: string) =>
  ["1", "2"].map((digit) => ({
    traceId,
    spanId: `${traceId.slice(0, 15)}${digit}`,
    name: "step",
    kind: 1,
    startTimeUnixNano: now,
    endTimeUnixNano: now,
  }));

describeWith(
  ["tempo", "loki", "loki-before", "collector", "collector-before"],
  "an upgrade of Loki and the collector under load",
  () => {
    let stack: ProcessStack;
    let sender: Sender;

    beforeAll(async () => {
      stack = await startStack({
        // What both versions of the collector know.
        config: configOf({ redaction: { spanLinks: "keep" } }),
        services: ["tempo", "loki", "collector"],
        // Loki 3.6 knows no threshold at which it keeps from filling its disk.
        mutate: editFiles("loki", ({ path, content }) => ({
          path,
          content: content.replace(/\n *disk_full_threshold: \S+/, ""),
        })),
        programs: { loki: "loki-before", collector: "collector-before" },
      });
    }, 120_000);
    afterAll(async () => {
      await sender?.stop();
      await stack?.stop();
    });

    test("the new versions take the files beforehand", async () => {
      for (const service of ["loki", "collector"] as const) {
        const { code, output } = await checkConfig(stack.workloads[service]!);
        expect({ service, code, output: code === 0 ? "" : output }).toMatchObject({ code: 0 });
      }
    });

    test("in the stack's order, Loki first, nothing acknowledged is lost", async () => {
      sender = new Sender(stack);
      await sender.more(150);
      // What the collector takes for Loki meanwhile waits on its disk.
      const loki = stack.replaceProgram("loki", "loki");
      await sender.more(50);
      await loki;
      await sender.more(50);
      // Without Tempo the old collector ends with a queue that the new one has to read.
      await stack.kill("tempo", "SIGTERM");
      await sender.more(50);
      await stack.replaceProgram("collector", "collector");
      await sender.more(50);
      await stack.restart("tempo");
      await sender.more(50);
      await sender.stop();

      const { acknowledged } = sender;
      const lost = { lines: acknowledged, traces: acknowledged };
      await eventually(
        async () => {
          const lines = new Set(await linesInLoki(stack, `{service_name="${SERVICE}"}`));
          lost.lines = acknowledged.filter((id) => !lines.has(id));
          const missing: string[] = [];
          for (const id of lost.traces) {
            const spans = await spansInTempo(stack, id).catch(() => []);
            if (spans.length !== 2) missing.push(id);
          }
          lost.traces = missing;
          if (lost.lines.length + lost.traces.length > 0) {
            throw new Error(
              `of ${acknowledged.length}, ${lost.lines.length} lines and ${lost.traces.length} traces are missing`,
            );
          }
        },
        { timeout: 60_000, interval: 2000 },
      );
      process.stderr.write(
        `    upgraded under load: ${acknowledged.length} traces and lines acknowledged, ` +
          `${lost.traces.length} traces and ${lost.lines.length} lines lost\n`,
      );
      expect(acknowledged.length).toBeGreaterThanOrEqual(400);
    }, 240_000);

    test("what runs at the end is the new versions", () => {
      expect(stack.log("loki", 2000)).toMatch(/3\.7\.8/);
      expect(stack.log("collector", 2000)).toMatch(/Starting otelcol-contrib.*0\.159/);
    });
  },
);
