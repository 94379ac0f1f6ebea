import type { ProcessStack } from "../helpers/process-stack";
import { describeWith } from "../helpers/skip";
import { losesNothing } from "./cases";
import { LIMIT, SHARE } from "./form";
import { editDocument, sleep, startForFaults } from "./stack";

const SERVICES = ["tempo", "collector"] as const;

/** Bytes of the queue to Tempo: a few dozen requests. */
const QUEUE = 256 * 2 ** 10;

const small = editDocument<{
  exporters: Record<string, { sending_queue: { queue_size: number; batch: { min_size: number } } }>;
}>("collector", ({ exporters }) => {
  const { sending_queue: queue } = exporters["otlp_grpc/tempo"];
  queue.queue_size = QUEUE;
  queue.batch.min_size = QUEUE / 2;
});

/** A queue of copies that a second of these tests' load fills. */
const smallCopies = editDocument<{
  exporters: Record<string, { sending_queue: { queue_size: number; batch: { min_size: number } } }>;
}>("collector", ({ exporters }) => {
  const { sending_queue: queue } = exporters["otlp_grpc/jaeger"];
  queue.queue_size = QUEUE;
  queue.batch.min_size = QUEUE / 2;
});

describeWith(SERVICES, "The collector whose queue is full", () => {
  let stack: ProcessStack;
  beforeAll(async () => {
    stack = await startForFaults(SERVICES, {}, small);
  }, 60_000);
  afterAll(() => stack?.stop(), 60_000);

  /** Fills the queue, and goes on until senders have been told to repeat. */
  const filled = (during: () => Promise<unknown>) => ({
    // A queue of a few dozen requests is passed slowly.
    spans: Math.min(SHARE, 4000),
    seconds: 1,
    timeout: 2,
    concurrency: 32,
    patience: 40,
    during: async () => {
      await sleep(3);
      await during();
    },
  });

  test.each([
    ["holds senders back and loses nothing", async () => {}],
    [
      "loses nothing when it is killed, too",
      async () => {
        await stack.kill("collector");
        await stack.restart("collector");
      },
    ],
  ])(
    "%s",
    async (_, fault) => {
      await stack.kill("tempo");
      const { ledger } = await losesNothing(
        stack,
        filled(async () => {
          await fault();
          await stack.restart("tempo");
        }),
      );
      // UNAVAILABLE: what waited for room until the sender's time was over is to be sent again.
      expect([...ledger.repeated.keys()]).toContain("14");
    },
    LIMIT,
  );
});

describeWith(SERVICES, "The collector whose Jaeger is dead", () => {
  let stack: ProcessStack;
  beforeAll(async () => {
    // Jaeger is not started at all.
    stack = await startForFaults(SERVICES, { jaeger: { enabled: true } }, smallCopies);
  }, 60_000);
  afterAll(() => stack?.stop(), 60_000);

  test(
    "holds nobody back once the queue of copies is full",
    async () => {
      const { ledger } = await losesNothing(stack, {});
      expect(stack.log("collector", 5000)).toMatch(/otlp_grpc\/jaeger.*queue is full/);
      expect([...ledger.repeated]).toEqual([]);
    },
    LIMIT,
  );
});
