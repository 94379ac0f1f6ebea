import { randomBytes } from "node:crypto";
import { sendJson } from "../helpers/intake";
import { eventually } from "../helpers/ports";
import type { ProcessStack } from "../helpers/process-stack";
import { get, linesInLoki } from "../helpers/requests";
import { describeWith } from "../helpers/skip";
import { losesNothing } from "./cases";
import { LIMIT, SENDING } from "./form";
import { logLines, samples } from "./lines";
import { editDocument, startForFaults } from "./stack";

const SERVICES = ["tempo", "loki", "prometheus", "collector"] as const;

/** Of log lines and samples a fifth as many are sent as of spans. */
const CAPACITY = { spansPerSecond: 2000, logLinesPerSecond: 400, seriesPerSecond: 400 };

const SHAPE = { spansPerTrace: 50, spansPerRequest: 50, attributes: "many" } as const;

/** What a store has thrown away, or told the collector to send again, since its start. */
async function discardedBy(stack: ProcessStack, service: "tempo" | "loki"): Promise<number> {
  const name = { tempo: "tempo_discarded_spans_total", loki: "loki_discarded_samples_total" };
  const { body } = await get(stack, service, "/metrics");
  const values = [...body.matchAll(new RegExp(`^${name[service]}(?:\\{[^}]*\\})? (\\S+)$`, "gm"))];
  return values.reduce((total, [, value]) => total + Number(value), 0);
}

describeWith(SERVICES, "At the stated capacity", () => {
  let stack: ProcessStack;
  beforeAll(async () => {
    stack = await startForFaults(SERVICES, { capacity: CAPACITY, retention: { logs: "720h" } });
  }, 90_000);
  afterAll(() => stack?.stop(), 60_000);

  test(
    "nothing is refused, sent again, discarded or lost",
    async () => {
      const { ledger } = await losesNothing(stack, {
        shape: SHAPE,
        spans: CAPACITY.spansPerSecond * SENDING,
        besides: [logLines, samples],
      });
      expect([...ledger.repeated]).toEqual([]);
      expect([await discardedBy(stack, "tempo"), await discardedBy(stack, "loki")]).toEqual([0, 0]);
    },
    LIMIT,
  );

  const text = (length: number) => randomBytes(length / 2).toString("hex");
  const week = 7 * 86_400_000;

  test.each<[string, { service?: string; attributes?: Record<string, string>; age?: number }]>([
    [
      "of a thousand attributes",
      {
        attributes: Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`key.${at}`, "x"])),
      },
    ],
    ["with 200 KiB of attributes", { attributes: { large: text(200 * 1024) } }],
    ["of a service with a name of 4 KiB", { service: `service-${text(4096)}` }],
    ["of eight days ago", { service: `service-${text(8)}`, age: week + 86_400_000 }],
  ])(
    "a log line %s is not thrown away by a limit behind the intake",
    async (_, { service = "lines", attributes = {}, age = 0 }) => {
      const line = `line ${text(24)}`;
      const pairs = (values: Record<string, string>) =>
        Object.entries(values).map(([key, value]) => ({ key, value: { stringValue: value } }));
      const at = Date.now() - age;
      const record = (body: string) => ({
        timeUnixNano: `${at}000000`,
        severityNumber: 9,
        body: { stringValue: body },
        attributes: pairs(attributes),
      });
      await sendJson(stack, "logs", {
        resourceLogs: [
          {
            resource: { attributes: pairs({ "service.name": service }) },
            scopeLogs: [{ logRecords: [record(line)] }],
          },
        ],
      });
      const query = `{service_name="${service}"} |= "${line}"`;
      const start = `${at - 60_000}000000`;
      await eventually(
        async () => {
          // Of what is as old only the index is asked.
          if (age > 0) await get(stack, "loki", "/flush", { method: "POST" });
          expect(await linesInLoki(stack, query, { start })).toEqual([line]);
        },
        { timeout: 20_000, interval: 1000 },
      );
    },
    LIMIT,
  );
});

interface Limited {
  overrides: { defaults: { ingestion: Record<string, number> } };
  limits_config: Record<string, number | string>;
  exporters: Record<string, { sending_queue: { queue_size: number } }>;
}

/** Bytes per second that the stores take here: less than is sent, more than a batch has. */
const TAKEN = 4_000_000;

describeWith(SERVICES, "Above what the stores take", () => {
  let stack: ProcessStack;
  beforeAll(async () => {
    const tempo = editDocument<Limited>("tempo", ({ overrides }) => {
      const { ingestion } = overrides.defaults;
      ingestion.rate_limit_bytes = TAKEN;
      ingestion.burst_size_bytes = TAKEN;
    });
    const collector = editDocument<Limited>("collector", ({ exporters }) => {
      exporters["otlp_grpc/tempo"].sending_queue.queue_size = 2 * TAKEN;
    });
    stack = await startForFaults(["tempo", "collector"], {}, (workload, places) =>
      tempo(collector(workload, places), places),
    );
  }, 90_000);
  afterAll(() => stack?.stop(), 60_000);

  test(
    "the collector waits, holds senders back, and nothing is lost",
    async () => {
      const { ledger } = await losesNothing(stack, {
        shape: { ...SHAPE, spansPerTrace: 500, spansPerRequest: 500 },
        // Twice the queue, and what is taken meanwhile.
        spans: 60_000,
        seconds: 1,
        timeout: 2,
        concurrency: 16,
      });
      // Otherwise nothing was above it.
      expect(await discardedBy(stack, "tempo")).toBeGreaterThan(0);
      expect(ledger.longestPushback).toBeGreaterThan(1000);
    },
    LIMIT,
  );
});
