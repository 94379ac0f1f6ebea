import type { ServiceName } from "../../config/services";
import type { ProcessStack } from "../helpers/process-stack";
import { describeWith } from "../helpers/skip";
import { losesNothing, losesOnlyTheLast } from "./cases";
import { LIMIT, OUTAGE, PAUSE } from "./form";
import { logLines, samples } from "./lines";
import { killAll, restartAll, sleep, startForFaults, TEMPO_BOUND } from "./stack";

const STORES = ["tempo", "loki", "prometheus"] as const;
const SERVICES = [...STORES, "jaeger", "collector"] as const;

/** Seconds for which a store that was killed or stopped stays away. */
const AWAY = 1;

describeWith(SERVICES, "Behind the collector", () => {
  let stack: ProcessStack;
  beforeAll(async () => {
    stack = await startForFaults(SERVICES, { jaeger: { enabled: true } });
  }, 90_000);
  afterAll(() => stack?.stop(), 60_000);

  const killed = (service: ServiceName) => async () => {
    await stack.kill(service);
    await sleep(AWAY);
    await stack.restart(service);
  };
  const stopped = (service: ServiceName) => async () => {
    await stack.end(service);
    await sleep(AWAY);
    await stack.restart(service);
  };
  const besides = [logLines, samples];

  // First: after a query Tempo waits for the end of its grace.
  test(
    "Tempo stopped in mid-stream loses nothing",
    async () => {
      await losesNothing(stack, { during: stopped("tempo") });
    },
    LIMIT,
  );

  test.each([
    ["of traces that are complete", {}],
    ["of traces that still grow", { growing: true }],
  ])(
    "Tempo killed in mid-stream loses only the last seconds %s",
    async (_, options) => {
      await losesOnlyTheLast(stack, "tempo", TEMPO_BOUND, options);
    },
    LIMIT,
  );

  test.each([
    ["Loki", "stopped", "loki", stopped, logLines],
    ["Loki", "killed", "loki", killed, logLines],
    ["Prometheus", "stopped", "prometheus", stopped, samples],
    ["Prometheus", "killed", "prometheus", killed, samples],
  ] as const)(
    "%s %s in mid-stream loses nothing",
    async (_name, _how, service, fault, source) => {
      await losesNothing(stack, { besides: [source], during: fault(service) });
    },
    LIMIT,
  );

  test.each([
    ["stopped", stopped],
    ["killed", killed],
  ])(
    "Jaeger %s in mid-stream is not noticed by any sender",
    async (_, fault) => {
      const { ledger } = await losesNothing(stack, { during: fault("jaeger") });
      expect([...ledger.repeated]).toEqual([]);
    },
    LIMIT,
  );

  test(
    "all of them away loses nothing",
    async () => {
      // All that they have was read back: it is written.
      const all = [...STORES, "jaeger"] as const;
      await killAll(stack, all);
      await losesNothing(stack, {
        besides,
        seconds: OUTAGE,
        // After a long absence gRPC waits for up to two minutes until it dials again.
        patience: 150,
        during: async () => {
          await sleep((OUTAGE * 2) / 3);
          await restartAll(stack, all);
        },
      });
    },
    LIMIT,
  );

  test(
    "all of them slow loses nothing",
    async () => {
      const signal = (name: NodeJS.Signals) =>
        STORES.forEach((service) => process.kill(stack.process(service).pid, name));
      await losesNothing(stack, {
        besides,
        patience: 60,
        during: async () => {
          for (const pause of [PAUSE, 1, 1]) {
            signal("SIGSTOP");
            await sleep(pause);
            signal("SIGCONT");
            await sleep(0.3);
          }
        },
      });
    },
    LIMIT,
  );
});
