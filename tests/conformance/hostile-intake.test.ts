import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { VERIFICATION } from "../../components/pki/certificate-spec";
import { limitsOf } from "../../config/capacity";
import { parseConfig } from "../../config/parse";
import { mebibytes } from "../../config/units";
import { cpuSeconds, memoryMiB } from "../bench/process-usage";
import { attackApart } from "../helpers/hostile/apart";
import type { Answers, Victims } from "../helpers/hostile/attacks";
import { quantile, SteadySender } from "../helpers/hostile/steady-sender";
import { sendAsApplication } from "../helpers/intake";
import { lostOf, sendNumbered, type Numbered } from "../helpers/numbered-telemetry";
import { eventually } from "../helpers/ports";
import { editFiles, startStack, type ProcessStack } from "../helpers/process-stack";
import { clientIdentity, rootCertificate } from "../helpers/refusals";
import { spansInTempo } from "../helpers/requests";
import { describeWith } from "../helpers/skip";

const run = promisify(execFile);
const STORES = ["tempo", "loki", "prometheus"] as const;

/** The document's own times, in a test's time: none is added that it does not have. */
const SHORTER = {
  read_header_timeout: "4s",
  read_timeout: "6s",
  max_connection_age: "4s",
  max_connection_age_grace: "10s",
};

const impatient = editFiles("collector", ({ path, content }) => ({
  path,
  content: Object.entries(SHORTER).reduce(
    (text, [key, value]) => text.replaceAll(new RegExp(`(\\s${key}:) \\S+$`, "gm"), `$1 ${value}`),
    content,
  ),
}));

/** The most descriptors that a process may have open. */
function mostDescriptors(pid: number): number {
  const limits = readFileSync(`/proc/${pid}/limits`, "utf8");
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1]);
}

/** What says no: gRPC's statuses RESOURCE_EXHAUSTED and INTERNAL, HTTP's, and an end in mid-sentence. */
const NO = ["8", "13", "400", "413", "500", "ECONNRESET", "EPIPE"];

/** Expects that nothing was taken, and that somebody was told so. */
function expectRefused(answers: Answers): void {
  for (const [what, counts] of Object.entries(answers)) {
    const said = Object.keys(counts);
    expect({ [what]: said.filter((answer) => !NO.includes(answer)) }).toEqual({ [what]: [] });
    expect({ [what]: said.filter((answer) => /^\d+$/.test(answer)) }).not.toEqual({ [what]: [] });
  }
}

describeWith(["collector", ...STORES], "The intake under hostile input", () => {
  let stack: ProcessStack;
  let sender: SteadySender;
  let victims: Victims;
  let pid: number;
  let limit: number;
  const config = parseConfig({ jaeger: { enabled: false } }, { stack: "dev", environment: {} });

  beforeAll(async () => {
    stack = await startStack({ config, services: [...STORES, "collector"], mutate: impatient });
    const identity = clientIdentity(stack.pki, VERIFICATION);
    const at = (listener: string) => ({
      port: stack.port("collector", listener),
      serverName: "collector",
      ca: rootCertificate(stack.pki),
      ...identity,
    });
    victims = {
      grpc: at("otlpGrpc"),
      http: at("otlpHttp"),
      largest: config.tuning.collector.maxRequestSize,
    };
    pid = stack.process("collector").pid;
    limit = mebibytes(limitsOf(config, "collector").memory);
    sender = new SteadySender(victims.grpc, victims.http);
  }, 60_000);
  afterAll(async () => {
    await sender?.stop();
    await stack?.stop();
  }, 60_000);

  /** Runs an attack, and expects the collector and its other senders to be as if there were none. */
  async function undisturbed<T>(attack: () => Promise<T>): Promise<T> {
    const { record } = sender;
    const [before, failed] = [record.acknowledged.length, record.failed.length];
    const repeated = record.repeated.length;
    // The peak begins anew.
    writeFileSync(`/proc/${pid}/clear_refs`, "5");
    const answers = await attack();
    await eventually(() =>
      Promise.resolve(expect(record.acknowledged.length).toBeGreaterThan(before)),
    );
    expect(stack.process("collector").pid).toBe(pid);
    const { peak } = memoryMiB(pid);
    const latest = record.latencies.slice(before);
    console.log(
      `${expect.getState().currentTestName}: peak ${Math.round(peak)} of ${limit} MiB; ` +
        `${latest.length} acknowledged, slowest ${Math.round(Math.max(...latest))} ms, ` +
        `${record.repeated.length - repeated} sent again; Tempo ${Math.round(memoryMiB(stack.process("tempo").pid).peak)} MiB; ` +
        JSON.stringify(answers),
    );
    expect(peak).toBeLessThan(limit);
    // Each was answered within the 10 s that SDKs wait.
    expect(record.failed.slice(failed)).toEqual([]);
    expect(record.repeated.length - repeated).toBeLessThan(1 + latest.length / 10);
    return answers;
  }

  test("oversized requests are refused", async () => {
    expectRefused(await undisturbed(() => attackApart("oversized", victims)));
  }, 60_000);

  test("what is packed a thousandfold is unpacked no further than a request may be", async () => {
    expectRefused(await undisturbed(() => attackApart("bombs", victims)));
  }, 60_000);

  test("nobody gets a window of 512 MiB for some bytes over HTTP", async () => {
    expectRefused(await undisturbed(() => attackApart("windows", victims)));
  }, 60_000);

  test("broken protobuf and JSON is refused", async () => {
    expectRefused(await undisturbed(() => attackApart("broken", victims)));
  }, 60_000);

  test("one connection with requests that it does not finish does not fill the memory", async () => {
    await undisturbed(() => attackApart("unfinished", victims));
  }, 60_000);

  test("ten thousand connections that say nothing, a part of them after a handshake", async () => {
    // Its other files and the senders need some, too.
    const most = Math.min(10_000, mostDescriptors(pid) - 1000, mostDescriptors(process.pid) - 1000);
    const handshakes = { grpc: 1000, http: 200 };
    const sockets = Math.floor((most - handshakes.grpc - handshakes.http) / 2);
    const answers = await undisturbed(() =>
      attackApart("idle", victims, { sockets, handshakes, seconds: 30 }),
    );
    expect(answers).toEqual({
      // gRPC's own two minutes end these; a test does not wait for them.
      "gRPC, TCP": { refused: 0, ended: 0, held: sockets },
      "gRPC, TLS": { refused: 0, ended: expect.any(Number), held: expect.any(Number) },
      "HTTP, TCP": { refused: 0, ended: sockets, held: 0 },
      "HTTP, TLS": { refused: 0, ended: handshakes.http, held: 0 },
    });
  }, 150_000);

  test("requests that come byte by byte are ended", async () => {
    const crowd = { sockets: 100, seconds: 30 };
    const ended = { refused: 0, ended: 100, held: 0 };
    expect(await undisturbed(() => attackApart("slow", victims, crowd))).toEqual({
      "HTTP, headers": ended,
      "HTTP, a body": ended,
      "gRPC, a message": ended,
    });
  }, 60_000);

  test("strangers are refused as often as they ask", async () => {
    const foreign = clientIdentity(stack.foreign, VERIFICATION);
    const answers = await undisturbed(() =>
      attackApart("strangers", victims, { ca: victims.http.ca ?? "", foreign, seconds: 4 }),
    );
    for (const counts of Object.values(answers)) {
      expect(counts.served).toBe(0);
      expect(counts.refused).toBeGreaterThan(10);
    }
  }, 60_000);

  test("without descriptors left it lives, serves who is connected, and then everybody", async () => {
    const before = mostDescriptors(pid);
    const setMost = (count: number) => run("prlimit", [`--pid=${pid}`, `--nofile=${count}:`]);
    const { failed } = sender.record;
    const from = failed.length;
    await setMost(200);
    try {
      const crowd = { sockets: 300, handshakes: { grpc: 0, http: 0 }, seconds: 8 };
      await attackApart("idle", victims, crowd);
      await eventually(() => sendAsApplication(stack));
    } finally {
      await setMost(before);
    }
    expect(stack.process("collector").pid).toBe(pid);
    // Over gRPC a test's short age has ended the connection meanwhile, and there was no other to be had.
    const [grpc, others] = [/^gRPC: (4|14) /, failed.splice(from)];
    expect(others.filter((message) => !grpc.test(message))).toEqual([]);
  }, 90_000);

  test("every span that was acknowledged meanwhile is stored", async () => {
    await sender.stop();
    const { acknowledged, failed, latencies } = sender.record;
    expect(failed).toEqual([]);
    let lost = 0;
    const ids = [...acknowledged];
    const reader = async () => {
      for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
        const wanted = id;
        const spans = await eventually(() => spansInTempo(stack, wanted), {
          timeout: 20_000,
        }).catch(() => []);
        lost += 5 - spans.length;
      }
    };
    await Promise.all(Array.from({ length: 16 }, reader));
    console.log(
      `${5 * acknowledged.length} spans acknowledged beside the attacks, ${lost} lost; ` +
        `p99 ${Math.round(quantile(latencies, 0.99))} ms`,
    );
    expect(lost).toBe(0);
    // As long as SDKs wait.
    expect(quantile(latencies, 0.99)).toBeLessThan(10_000);
  }, 180_000);

  // Not masked, they cost Tempo and Loki minutes, and who waits behind them in the collector's queue waits as long.
  test("the deepest values that fit into a request are masked, and others are stored at once", async () => {
    writeFileSync(`/proc/${pid}/clear_refs`, "5");
    const spent = () => STORES.map((store) => cpuSeconds(stack.process(store).pid));
    const before = spent();
    const answers = await attackApart("deep", victims);
    const all = Object.entries(answers).flatMap(([what, counts]) =>
      Object.keys(counts).map((answer) => [what, answer]),
    );
    expect(all.filter(([, answer]) => !["0", "200"].includes(answer))).toEqual([]);
    const sent: Numbered[] = [];
    for (let round = 0; round < 5; round++) {
      for (const signal of ["traces", "logs", "metrics"] as const) {
        const numbered = await sendNumbered(stack, signal, 20);
        expect(numbered).toBeDefined();
        sent.push(numbered!);
      }
    }
    await eventually(
      async () => expect(await lostOf(stack, sent)).toEqual({ traces: 0, logs: 0, metrics: 0 }),
      { timeout: 20_000 },
    );
    const costs = spent().map((seconds, index) => seconds - before[index]);
    const { peak } = memoryMiB(pid);
    console.log(
      `peak ${Math.round(peak)} of ${limit} MiB; CPU-seconds: ` +
        STORES.map((store, index) => `${store} ${costs[index].toFixed(1)}`).join(", "),
    );
    for (const cost of costs) expect(cost).toBeLessThan(10);
    expect(stack.process("collector").pid).toBe(pid);
    expect(peak).toBeLessThan(limit);
  }, 90_000);
});
