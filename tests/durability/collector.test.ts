import type { ProcessStack } from "../helpers/process-stack";
import { describeWith } from "../helpers/skip";
import { losesNothing, losesOnlyTheLast } from "./cases";
import { LIMIT } from "./form";
import { logLines, samples } from "./lines";
import {
  decisionBound,
  editDocument,
  KEPT,
  killAll,
  restartAll,
  sleep,
  startForFaults,
} from "./stack";

const STORES = ["tempo", "loki", "prometheus"] as const;

/** A document that differs, as that of an option that was changed. */
const changed = editDocument<{
  exporters: Record<string, { sending_queue: { num_consumers: number } }>;
}>("collector", ({ exporters }) => {
  exporters["otlp_grpc/tempo"].sending_queue.num_consumers = 2;
});

async function killAndStart(stack: ProcessStack): Promise<void> {
  await stack.kill("collector");
  await stack.restart("collector");
}

describeWith([...STORES, "collector"], "The collector", () => {
  let stack: ProcessStack;
  beforeAll(async () => {
    stack = await startForFaults([...STORES, "collector"]);
  }, 90_000);
  afterAll(() => stack?.stop(), 60_000);

  const killed = () => killAndStart(stack);
  /** All that the stores have was read back: it is written. */
  const storesGone = () => killAll(stack, STORES);
  const storesBack = () => restartAll(stack, STORES);
  const besides = [logLines, samples];

  test(
    "killed in mid-stream loses nothing",
    async () => {
      await losesNothing(stack, { besides, during: killed });
    },
    LIMIT,
  );

  test(
    "killed in mid-stream while the stores are away loses nothing",
    async () => {
      await storesGone();
      await losesNothing(stack, {
        besides,
        during: async () => {
          await killed();
          await sleep(1);
          await storesBack();
        },
      });
    },
    LIMIT,
  );

  test(
    "killed again and again while its queue empties loses nothing",
    async () => {
      await storesGone();
      await losesNothing(stack, {
        besides,
        during: async () => {
          const again = async () => {
            for (let count = 0; count < 4; count++) {
              await killed();
              await sleep(0.5);
            }
          };
          await Promise.all([storesBack(), again()]);
        },
      });
    },
    LIMIT,
  );

  test(
    "stopped in mid-stream loses nothing",
    async () => {
      await losesNothing(stack, { besides, during: () => stack.restart("collector") });
    },
    LIMIT,
  );

  test(
    "stopped in mid-stream while the stores are away loses nothing",
    async () => {
      await storesGone();
      await losesNothing(stack, {
        besides,
        during: async () => {
          await stack.restart("collector");
          await sleep(1);
          await storesBack();
        },
      });
    },
    LIMIT,
  );

  test(
    "started with a changed configuration in mid-stream loses nothing",
    async () => {
      await losesNothing(stack, {
        besides,
        during: () => stack.startReplica("collector", 0, changed),
      });
    },
    LIMIT,
  );
});

describeWith(["tempo", "collector"], "The collector that samples", () => {
  const DECISION_WAIT = 2;
  let stack: ProcessStack;
  beforeAll(async () => {
    stack = await startForFaults(["tempo", "collector"], {
      sampling: { ratio: 0.1, decisionWait: `${DECISION_WAIT}s` },
    });
  }, 60_000);
  afterAll(() => stack?.stop(), 60_000);

  test(
    "stopped in mid-stream loses nothing",
    async () => {
      await losesNothing(stack, { shape: KEPT, during: () => stack.restart("collector") });
    },
    LIMIT,
  );

  test(
    "killed in mid-stream loses only traces whose decision was pending",
    async () => {
      const bound = decisionBound(DECISION_WAIT);
      await losesOnlyTheLast(stack, "collector", bound, { shape: KEPT });
    },
    LIMIT,
  );
});
