import { readFileSync } from "node:fs";
import { rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { parseConfig } from "../../config/parse";
import { lostOf, sendNumbered, type Numbered, type Signal } from "../helpers/numbered-telemetry";
import { eventually } from "../helpers/ports";
import { editFiles, startStack, type Mutation, type ProcessStack } from "../helpers/process-stack";
import { describeUnless, describeWith } from "../helpers/skip";
import { fillVolume, lackingForVolumes, mountVolume, unmountVolume } from "../helpers/small-volume";
import { verifyApart } from "../helpers/verify-apart";

const VOLUME_MIB = 64;
const SIGNALS = { tempo: "traces", loki: "logs", prometheus: "metrics" } as const;
const STORES = Object.keys(SIGNALS) as (keyof typeof SIGNALS)[];
const GUARDED = ["tempo", "prometheus"] as const;
/** Pieces in a request; 1 kB each. */
const PIECES = 50;

const config = parseConfig(
  {
    // A queue is 1 MiB: it is full long before the volume is.
    capacity: { spansPerSecond: 10, logLinesPerSecond: 10, seriesPerSecond: 10, outage: "60s" },
    guard: { stopAt: 0.9 },
    verification: { timeout: "20s" },
    alertmanager: { enabled: false },
    grafana: { enabled: false },
    jaeger: { enabled: false },
    qdrant: { enabled: false },
  },
  { stack: "dev", environment: {} },
);

const volumeOf = (stack: ProcessStack, store: string) => join(stack.directory, store, "data");
const fill = (stack: ProcessStack, store: string, share: number) =>
  fillVolume(volumeOf(stack, store), share);
const free = (stack: ProcessStack, store: string) =>
  rm(join(volumeOf(stack, store), "filling"), { force: true });

const startSmall = (guards: boolean, mutate?: Mutation) =>
  startStack({
    config,
    services: [...STORES, "collector"],
    guards,
    mutate,
    before: (stack) => {
      for (const store of STORES) mountVolume(volumeOf(stack, store), VOLUME_MIB);
    },
  });

async function stopSmall(stack: ProcessStack | undefined): Promise<void> {
  if (stack === undefined) return;
  for (const store of STORES) unmountVolume(volumeOf(stack, store));
  await stack.stop();
}

const usedOf = async (stack: ProcessStack, store: string) => {
  const { blocks, bfree } = await statfs(volumeOf(stack, store));
  return (blocks - bfree) / blocks;
};

const logFile = (stack: ProcessStack, name: string) => join(stack.directory, `${name}.log`);
const logOf = (stack: ProcessStack, name: string) => readFileSync(logFile(stack, name), "utf8");

const says = (stack: ProcessStack, store: (typeof GUARDED)[number], words: RegExp) =>
  eventually(() => Promise.resolve(expect(stack.guard(store).log(2)).toMatch(words)), {
    timeout: 20_000,
  });

const nothingLost = { traces: 0, logs: 0, metrics: 0 };

describeWith(["tempo", "loki", "prometheus", "collector", "haproxy"], "Volumes that fill", () => {
  describeUnless(lackingForVolumes(), "small ones", () => {
    describe("with their guards", () => {
      let stack: ProcessStack;
      const acknowledged: Numbered[] = [];

      const send = async (signal: Signal): Promise<boolean> => {
        const numbered = await sendNumbered(stack, signal, PIECES);
        if (numbered) acknowledged.push(numbered);
        return numbered !== undefined;
      };

      const expectNothingLost = () =>
        eventually(async () => expect(await lostOf(stack, acknowledged)).toEqual(nothingLost), {
          // An exporter that dialled in vain for long waits long.
          timeout: 90_000,
          interval: 1000,
        });

      beforeAll(async () => {
        stack = await startSmall(true);
      }, 120_000);
      afterAll(() => stopSmall(stack), 60_000);

      test("a stream passes", async () => {
        for (const signal of Object.values(SIGNALS)) expect(await send(signal)).toBe(true);
        await expectNothingLost();
      }, 90_000);

      test("before a volume is full its store gets nothing more, and senders are told to wait", async () => {
        // Loki looks at its volume every ten seconds: what comes until then must fit.
        const START = { tempo: [0.84, 25], loki: [0.89, 250], prometheus: [0.84, 25] } as const;
        const until = async (store: (typeof STORES)[number]) => {
          const [share, pause] = START[store];
          await fill(stack, store, share);
          const end = Date.now() + 90_000;
          while (await send(SIGNALS[store])) {
            expect(Date.now()).toBeLessThan(end);
            await new Promise((resolve) => setTimeout(resolve, pause));
          }
          return [store, await usedOf(stack, store)] as const;
        };
        for (const [store, share] of await Promise.all(STORES.map(until))) {
          expect({ store, within: share > 0.84 && share < 0.99 }).toEqual({ store, within: true });
        }
        for (const store of GUARDED) await says(stack, store, /closed: \d+ % of the volume under/);
        for (const store of STORES) {
          expect(logOf(stack, store)).not.toMatch(/no space left/);
        }
      }, 150_000);

      test("once there is room, everything that was acknowledged is there", async () => {
        for (const store of STORES) await free(stack, store);
        for (const store of GUARDED) await says(stack, store, /open: \d+ %/);
        await expectNothingLost();
        const sizes = Object.values(SIGNALS).map(
          (signal) => acknowledged.filter((one) => one.signal === signal).length * PIECES,
        );
        for (const size of sizes) expect(size).toBeGreaterThan(500);
      }, 120_000);

      test("stores that start again find nothing corrupted", async () => {
        await Promise.all(STORES.map((store) => stack.restart(store)));
        await expectNothingLost();
        expect(logOf(stack, "prometheus")).not.toMatch(/corruption/);
      }, 120_000);

      test("one that is closed or killed is what the verification names, and nothing is lost", async () => {
        await fill(stack, "prometheus", 0.93);
        await says(stack, "prometheus", /closed/);
        await stack.guard("tempo").stop("SIGKILL");
        expect(await send("traces")).toBe(true);
        expect(await send("metrics")).toBe(true);
        const logs = ["collector", "prometheus-guard"].map((name) => [name, logFile(stack, name)]);
        const results = await verifyApart({
          target: stack.target(),
          logs: Object.fromEntries(logs) as Record<string, string>,
        });
        const causeOf = (hop: string) => results.find(({ id }) => id === hop)?.cause;
        expect(causeOf("collector.tempo")).toMatch(/^the guard before tempo is not running/);
        expect(causeOf("collector.prometheus")).toMatch(
          /^the guard before prometheus is closed: 9\d % of the volume under/,
        );
        stack.guard("tempo").start();
        await free(stack, "prometheus");
        await expectNothingLost();
      }, 180_000);
    });

    describe("without them, and without Loki's own threshold", () => {
      let stack: ProcessStack;
      beforeAll(async () => {
        stack = await startSmall(
          false,
          editFiles("loki", (file) => ({
            ...file,
            content: file.content.replace("disk_full_threshold: 0.9", "disk_full_threshold: 0"),
          })),
        );
      }, 120_000);
      afterAll(() => stopSmall(stack), 60_000);

      test("each store loses what was acknowledged", async () => {
        const acknowledged: Numbered[] = [];
        for (const store of STORES) await fill(stack, store, 0.999);
        for (let request = 0; request < 10; request++) {
          for (const signal of Object.values(SIGNALS)) {
            const numbered = await sendNumbered(stack, signal, PIECES);
            if (numbered) acknowledged.push(numbered);
          }
        }
        // Longer than Tempo takes to write what it can write.
        await new Promise((resolve) => setTimeout(resolve, 8000));
        for (const store of STORES) await stack.kill(store);
        for (const store of STORES) await free(stack, store);
        await Promise.all(STORES.map((store) => stack.restart(store)));
        const lost = await lostOf(stack, acknowledged);
        for (const signal of Object.values(SIGNALS)) expect(lost[signal]).toBeGreaterThan(0);
      }, 150_000);
    });
  });
});
