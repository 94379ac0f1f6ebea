import type { ServiceName } from "../../config/services";
import type { Workload } from "../../targets/workload";
import type { Mutation, ProcessStack } from "../helpers/process-stack";
import { describeWith } from "../helpers/skip";
import { beyond, through, throughKill, type CaseOptions } from "./cases";
import { LIMIT } from "./form";
import { logLines, samples } from "./lines";
import { decisionBound, editDocument, KEPT, sleep, startForFaults, TEMPO_BOUND } from "./stack";

/**
 * What each count rests on, taken away: it must then find a loss, or it could not fail.
 */

const SERVICES = ["tempo", "loki", "prometheus", "collector"] as const;

const SPANS = 1500;

interface CollectorDocument {
  exporters: Record<string, { sending_queue: { storage?: string }; retry_on_failure: object }>;
  processors: Record<string, object>;
}

const queueInMemory = editDocument<CollectorDocument>("collector", ({ exporters }) => {
  delete exporters["otlp_grpc/tempo"].sending_queue.storage;
});

const triesOnce = editDocument<CollectorDocument>("collector", ({ exporters }) => {
  exporters["otlp_grpc/tempo"].retry_on_failure = { enabled: false };
});

const decidesLate = editDocument<CollectorDocument>("collector", ({ processors }) => {
  processors.tail_sampling = { ...processors.tail_sampling, decision_wait: "7s" };
});

const timesAsTheyAre = editDocument<CollectorDocument>("collector", ({ processors }) => {
  processors["transform/clocks"] = {};
});

const tempoWaits = editDocument<{ live_store: { max_trace_live?: string } }>(
  "tempo",
  ({ live_store }) => {
    delete live_store.max_trace_live;
  },
);

const lokiIsStrict = editDocument<{ limits_config: { creation_grace_period: string } }>(
  "loki",
  ({ limits_config }) => {
    limits_config.creation_grace_period = "10m";
  },
);

const deltasAsTheyAre: Mutation = (workload: Workload) => ({
  ...workload,
  args: workload.args.map((word) => word.replace(",otlp-deltatocumulative", "")),
});

/** A few spans, for which nobody waits long. */
const brief: CaseOptions = { spans: SPANS, patience: 8, isCounted: false };

describeWith(SERVICES, "Broken on purpose", () => {
  let stack: ProcessStack;
  beforeAll(async () => {
    stack = await startForFaults(SERVICES);
  }, 90_000);
  afterAll(() => stack?.stop(), 60_000);

  /** Starts services anew, broken, and whole again after the test. */
  const broken: [ServiceName, Mutation][] = [];
  const startAnew = async (service: ServiceName, mutate?: Mutation) => {
    // Nothing of the last test is wanted any more.
    await stack.kill(service);
    await stack.startReplica(service, 0, mutate);
  };
  const breaking = async (service: ServiceName, mutate: Mutation) => {
    broken.push([service, mutate]);
    await startAnew(service, mutate);
  };
  afterEach(async () => {
    for (const [service] of broken.splice(0)) await startAnew(service);
  }, 60_000);

  test(
    "a queue in memory loses what it had when the collector is killed",
    async () => {
      await breaking("collector", queueInMemory);
      await stack.kill("tempo");
      const [{ back }] = await through(stack, {
        ...brief,
        during: async () => {
          await sleep(1);
          await stack.kill("collector");
          await stack.restart("collector");
          await stack.restart("tempo");
        },
      });
      expect(back.lost.length).toBeGreaterThan(0);
    },
    LIMIT,
  );

  test(
    "a collector that does not repeat drops what Tempo was not there for",
    async () => {
      await breaking("collector", triesOnce);
      await stack.kill("tempo");
      const [{ back }] = await through(stack, {
        ...brief,
        during: async () => {
          await sleep(1);
          await stack.restart("tempo");
        },
      });
      expect(back.lost.length).toBeGreaterThan(0);
    },
    LIMIT,
  );

  test(
    "traces that grow are lost beyond the bound where Tempo waits for their end",
    async () => {
      await breaking("tempo", tempoWaits);
      const killed = await throughKill(stack, "tempo", { ...brief, growing: true });
      expect(beyond(killed, TEMPO_BOUND).length).toBeGreaterThan(0);
    },
    LIMIT,
  );

  const strange: CaseOptions = {
    besides: [(of) => samples(of, { besideStrange: true })],
  };
  const fast: CaseOptions = {
    besides: [(of) => samples(of, { clock: 3600 }), (of) => logLines(of, 3600)],
  };
  test.each<[string, [ServiceName, Mutation][], CaseOptions]>([
    ["a delta takes others' samples with it", [["prometheus", deltasAsTheyAre]], strange],
    [
      "a time of two days ago takes others' samples with it",
      [["collector", timesAsTheyAre]],
      strange,
    ],
    [
      "samples and lines of a fast clock are lost",
      [
        ["collector", timesAsTheyAre],
        ["loki", lokiIsStrict],
      ],
      fast,
    ],
  ])(
    "%s",
    async (_, mutations, options) => {
      for (const [service, mutate] of mutations) await breaking(service, mutate);
      const [spans, ...besides] = await through(stack, { ...brief, ...options });
      expect(spans.back.lost).toEqual([]);
      for (const { back } of besides) expect(back.lost.length).toBeGreaterThan(0);
    },
    LIMIT,
  );
});

describeWith(["tempo", "collector"], "Broken on purpose, with sampling", () => {
  test(
    "traces are lost beyond the bound where decisions wait longer than is stated",
    async () => {
      const stack = await startForFaults(
        ["tempo", "collector"],
        { sampling: { ratio: 0.1, decisionWait: "2s" } },
        decidesLate,
      );
      try {
        const killed = await throughKill(stack, "collector", {
          ...brief,
          patience: 15,
          shape: KEPT,
        });
        expect(beyond(killed, decisionBound(2)).length).toBeGreaterThan(0);
      } finally {
        await stack.stop();
      }
    },
    LIMIT,
  );
});
