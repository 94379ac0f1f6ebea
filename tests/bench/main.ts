import { Command } from "commander";
import { parseConfig } from "../../config/parse";
import type { ServiceName } from "../../config/services";
import { call } from "../../components/verification/client";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { durability } from "../durability/main";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { load, type LoadResult } from "./load";
import type { Shape } from "./otlp";
import { soak } from "./soak";
import { cpuSeconds, memoryMiB } from "./process-usage";
import { VARIANTS, type Variant } from "./variants";

/** The servers that run; without Prometheus the metrics would pile up in the collector's queue. */
const SERVICES: readonly ServiceName[] = ["tempo", "prometheus", "collector"];

const ONE_COLLECTOR: NonNullable<Variant["collectors"]> = [["collector", 0]];

const sleep = (seconds: number) => new Promise((done) => setTimeout(done, seconds * 1000));

const get = (stack: ProcessStack, service: ServiceName, listener: string, path: string) =>
  call(
    {
      host: "127.0.0.1",
      port: stack.port(service, listener),
      serverName: service,
      root: readFileSync(join(stack.pki.trust, "root.crt"), "utf8"),
    },
    {
      path,
      identity: {
        certificate: readFileSync(join(stack.pki.identity("operator"), "tls.crt"), "utf8"),
        key: readFileSync(join(stack.pki.identity("operator"), "tls.key"), "utf8"),
      },
    },
  );

interface TempoCounters {
  received: number;
  discarded: number;
  traces: number;
}

/** What Tempo counted: spans that came, spans that it threw away, traces in its live store. */
async function tempoCounters(stack: ProcessStack): Promise<TempoCounters> {
  const { body } = await get(stack, "tempo", "http", "/metrics");
  const sum = (name: string) =>
    [...body.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"))].reduce(
      (total, [, value]) => total + Number(value),
      0,
    );
  return {
    received: sum("tempo_distributor_spans_received_total"),
    discarded: sum("tempo_discarded_spans_total"),
    traces: sum("tempo_live_store_traces_created_total"),
  };
}

/** Reads some of the traces back by id. @returns the spans found, as a share of those sent. */
async function readBack(stack: ProcessStack, ids: string[], spansPerTrace: number) {
  const step = Math.max(1, Math.floor(ids.length / 100));
  const sample = ids.filter((_, index) => index % step === 0).slice(0, 100);
  let found = 0;
  for (const id of sample) {
    const { status, body } = await get(stack, "tempo", "http", `/api/v2/traces/${id}`);
    if (status === 200) found += body.match(/"spanId"/g)?.length ?? 0;
  }
  return found / (sample.length * spansPerTrace);
}

interface Measurement {
  variant: string;
  /** Spans per second, from the first request until the last span was stored. */
  stored: number;
  refused: number;
  discarded: number;
  /** Spans of the traces that were read back, as a share of those sent. */
  readBack: number;
  /** CPU-seconds per million spans; of all collectors together, as their memory is. */
  collector: number;
  tempo: number;
  /** MiB, before the load and at most. */
  memory: Record<string, { idle: number; peak: number }>;
}

interface Options {
  seconds: number;
  shape: Shape;
  concurrency: number;
  rate?: number;
  /** Seconds after the load in which Tempo's work still counts. */
  tail: number;
}

async function measure(variant: Variant, options: Options): Promise<Measurement> {
  const config = parseConfig(
    {
      capacity: { spansPerSecond: 30_000, outage: "2m" },
      jaeger: { enabled: false },
      ...variant.options,
    },
    { stack: "bench", environment: {} },
  );
  const { collectors = ONE_COLLECTOR, mutate } = variant;
  const services = [...new Set([...SERVICES, ...collectors.map(([service]) => service)])];
  const stack = await startStack({ config, services, mutate });
  try {
    const pids = (service: ServiceName) =>
      (service === "collector" ? collectors : ([[service, 0]] as const)).map(
        ([name, replica]) => stack.process(name, replica).pid,
      );
    const sum = (service: ServiceName, of: (pid: number) => number) =>
      pids(service).reduce((total, pid) => total + of(pid), 0);
    const cpuOf = (service: ServiceName) => sum(service, cpuSeconds);
    const memoryOf = (service: ServiceName, of: "now" | "peak") =>
      sum(service, (pid) => memoryMiB(pid)[of]);
    const identity = stack.pki.identity("verification");
    const tls = variant.plaintext
      ? undefined
      : {
          ca: join(stack.pki.trust, "root.crt"),
          cert: join(identity, "tls.crt"),
          key: join(identity, "tls.key"),
        };
    const target = { port: stack.port("collector", "otlpGrpc"), tls, shape: options.shape };
    const sampled = config.sampling.ratio < 1;
    const warm = await load({ ...target, ...options, seconds: 2 });
    await settled(stack, warm.accepted, sampled);
    // Tempo writes a trace out a second or two after its last span.
    await sleep(3);
    const idle = Object.fromEntries(SERVICES.map((name) => [name, memoryOf(name, "now")]));
    const before = await tempoCounters(stack);
    const cpu = { collector: cpuOf("collector"), tempo: cpuOf("tempo") };
    const begin = performance.now();
    const result: LoadResult = await load({ ...target, ...options });
    const after = await settled(stack, before.received + result.accepted, sampled);
    const seconds = (after.at - begin) / 1000;
    const stored = after.received - before.received - (after.discarded - before.discarded);
    const million = result.accepted / 1e6;
    await sleep(options.tail);
    return {
      variant: variant.name,
      stored: (sampled ? result.accepted : stored) / (sampled ? result.seconds : seconds),
      refused: result.refused,
      discarded: after.discarded - before.discarded,
      readBack: sampled
        ? stored / result.accepted
        : await readBack(stack, result.traceIds, options.shape.spansPerTrace),
      collector: (cpuOf("collector") - cpu.collector) / million,
      tempo: (cpuOf("tempo") - cpu.tempo) / million,
      memory: Object.fromEntries(
        SERVICES.map((name) => [name, { idle: idle[name], peak: memoryOf(name, "peak") }]),
      ),
    };
  } finally {
    await stack.stop();
  }
}

/**
 * Waits until Tempo has had `spans`, or, where the sampler keeps fewer, until none has come for five
 * seconds beyond the wait for decisions. What the intake takes faster than Tempo waits in the collector's queue on disk.
 */
async function settled(stack: ProcessStack, spans: number, sampled: boolean) {
  const quiet = (stack.config.sampling.decisionWait + 5) * 1000;
  const end = performance.now() + 180_000;
  let last = { ...(await tempoCounters(stack)), at: performance.now() };
  for (;;) {
    if (!sampled && last.received >= spans) return last;
    if (sampled && performance.now() - last.at > quiet) return last;
    if (performance.now() > end) {
      throw new Error(`Tempo had ${last.received} of ${spans} spans after 3 minutes`);
    }
    await sleep(0.2);
    const now = await tempoCounters(stack);
    if (now.received !== last.received) last = { ...now, at: performance.now() };
  }
}

const median = (values: number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

function report(measurements: readonly Measurement[]): void {
  const names = [...new Set(measurements.map(({ variant }) => variant))];
  const of = (name: string, value: (one: Measurement) => number) =>
    median(measurements.filter(({ variant }) => variant === name).map(value));
  const bare = of("bare", ({ collector, tempo }) => collector + tempo);
  console.table(
    names.map((name) => ({
      variant: name,
      "spans/s": Math.round(of(name, ({ stored }) => stored)),
      "CPU-s/M collector": of(name, ({ collector }) => collector).toFixed(1),
      "CPU-s/M Tempo": of(name, ({ tempo }) => tempo).toFixed(1),
      "CPU to bare": (of(name, ({ collector, tempo }) => collector + tempo) / bare).toFixed(2),
      "read back": of(name, ({ readBack }) => readBack).toFixed(3),
      refused: of(name, ({ refused }) => refused),
      discarded: of(name, ({ discarded }) => discarded),
      "MiB collector idle/peak": memory(name, "collector"),
      "MiB Tempo idle/peak": memory(name, "tempo"),
      "MiB Prometheus idle/peak": memory(name, "prometheus"),
    })),
  );
  function memory(name: string, service: string): string {
    const idle = of(name, ({ memory: all }) => all[service].idle);
    return `${Math.round(idle)}/${Math.round(of(name, ({ memory: all }) => all[service].peak))}`;
  }
}

const number = (text: string) => Number(text);

async function main(): Promise<void> {
  const [, , first, ...rest] = process.argv;
  if (first === "durability" || first === "soak") {
    process.exitCode = await { durability, soak }[first](rest);
    return;
  }
  const options = new Command("npm run bench --")
    .description("Measures what the collector and Tempo store, and what it costs, on this machine.")
    .option("--seconds <n>", "load of one run", number, 10)
    .option("--rounds <n>", "runs of each variant, taken in turns", number, 3)
    .option("--rate <n>", "spans per second; default: as many as are taken", number)
    .option("--spans-per-trace <n>", "spans in a trace", number, 5)
    .option("--spans-per-request <n>", "spans in a request", number, 500)
    .option("--attributes <few|many>", "attributes of a span: 2 or 10", "few")
    .option("--concurrency <n>", "requests in flight", number, 4)
    .option("--tail <n>", "seconds after the load whose CPU counts; 90: blocks complete", number, 3)
    .option("--only <text…>", "variants whose name is one of these, separated by ;")
    .parse()
    .opts<{
      seconds: number;
      rounds: number;
      rate?: number;
      spansPerTrace: number;
      spansPerRequest: number;
      attributes: Shape["attributes"];
      concurrency: number;
      tail: number;
      only?: string;
    }>();
  const wanted = options.only?.split(";");
  const variants = VARIANTS.filter(({ name }) => wanted?.includes(name) ?? true);
  const measurements: Measurement[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    for (const variant of variants) {
      console.log(`round ${round} of ${options.rounds}: ${variant.name}`);
      measurements.push(
        await measure(variant, {
          seconds: options.seconds,
          rate: options.rate,
          tail: options.tail,
          concurrency: options.concurrency,
          shape: {
            spansPerTrace: options.spansPerTrace,
            spansPerRequest: options.spansPerRequest,
            attributes: options.attributes,
          },
        }),
      );
    }
  }
  report(measurements);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
