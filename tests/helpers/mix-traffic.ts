import { VERIFICATION } from "../../components/pki/certificate-spec";
import { tempoSearch } from "./data-source-api";
import { sendJson } from "./intake";
import { requestAt, tickAt, type RequestKind, type Telemetry } from "./known-mix";
import { applicationMetrics } from "./mix-metrics";
import { logsRequest, metricsRequest, tracesRequest } from "./mix-otlp";
import type { ProcessStack } from "./process-stack";
import { get, identityIn } from "./requests";

/** Milliseconds between two ticks of the mix. */
export const TICK = 500;

const COLLECTION = "documents";
const DIMENSIONS = 8;
export const POINTS = 200;

const vectorOf = (seed: number) =>
  Array.from({ length: DIMENSIONS }, (_, index) => Math.sin(seed * (index + 1)));

async function askQdrant(stack: ProcessStack, method: string, path: string, body?: unknown) {
  return get(stack, "qdrant", path, {
    listener: "rest",
    identity: identityIn(stack, VERIFICATION),
    method,
    headers: { "content-type": "application/json", "api-key": stack.secrets.qdrantApiKey },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

async function expectOk(answer: Promise<{ status: number; body: string }>): Promise<void> {
  const { status, body } = await answer;
  if (status !== 200) throw new Error(`Qdrant answered ${status}: ${body}`);
}

/** A collection of `POINTS` vectors. */
export async function fillQdrant(stack: ProcessStack): Promise<void> {
  const vectors = { size: DIMENSIONS, distance: "Cosine" };
  await expectOk(askQdrant(stack, "PUT", `/collections/${COLLECTION}`, { vectors }));
  const points = Array.from({ length: POINTS }, (_, id) => ({ id, vector: vectorOf(id + 1) }));
  const path = `/collections/${COLLECTION}/points?wait=true`;
  await expectOk(askQdrant(stack, "PUT", path, { points }));
}

async function searchVectors(stack: ProcessStack, tick: number): Promise<void> {
  const query = { query: vectorOf(tick), limit: 3 };
  await expectOk(askQdrant(stack, "POST", `/collections/${COLLECTION}/points/query`, query));
  // One that fails, every now and then.
  if (tick % 5 === 0) await askQdrant(stack, "POST", "/collections/absent/points/query", query);
}

/** People look at traces meanwhile: how long that takes is shown too. */
async function lookAtTraces(stack: ProcessStack): Promise<void> {
  const end = Date.now() / 1000;
  await tempoSearch(stack, "{ status = error }", { start: end - 600, end, step: 1 }, 3);
}

async function send(stack: ProcessStack, { spans, logs }: Telemetry): Promise<void> {
  await Promise.all([
    sendJson(stack, "traces", tracesRequest(spans)),
    sendJson(stack, "logs", logsRequest(logs)),
  ]);
}

/** How far apart requests of the past lie, in milliseconds. */
const HISTORY_STEP = 10_000;

/**
 * Sends requests that ended in the last `minutes`, one of each kind every ten seconds. Their spans
 * and logs have those times; what the collector counts of them has the time of counting.
 */
export async function sendHistory(stack: ProcessStack, minutes: number): Promise<Telemetry> {
  const now = Date.now();
  const past: Telemetry = { spans: [], logs: [] };
  for (let ordinal = 0; ordinal * HISTORY_STEP < minutes * 60_000; ordinal++) {
    for (const kind of ["checkout", "search"] satisfies RequestKind[]) {
      // The newest is older than what searches leave out, which is half a minute.
      const end = now - 40_000 - ordinal * HISTORY_STEP;
      const { spans, logs } = requestAt("history", kind, ordinal, end);
      past.spans.push(...spans);
      past.logs.push(...logs);
    }
  }
  await send(stack, past);
  return past;
}

/** The mix at its known rate: a tick every `TICK`, until it is stopped. */
export class LiveTraffic {
  readonly sent: Telemetry = { spans: [], logs: [] };
  readonly startedAt = Date.now();
  #ticks = 0;
  #stopped = false;
  /** Rejects once something was refused. */
  readonly running: Promise<void>;

  constructor(readonly stack: ProcessStack) {
    this.running = this.#run();
    // Whoever awaits it hears of it.
    this.running.catch(() => undefined);
  }

  get ticks(): number {
    return this.#ticks;
  }

  /** Ends it once what is on its way has been taken. @throws if anything was refused. */
  async stop(): Promise<Telemetry> {
    this.#stopped = true;
    await this.running;
    return this.sent;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      await this.#tick(this.#ticks);
      this.#ticks++;
      // A tick that was late does not make the next one late.
      const next = this.startedAt + this.#ticks * TICK;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - Date.now())));
    }
  }

  async #tick(tick: number): Promise<void> {
    // Consumers still work a little after the request has been answered.
    const made = tickAt("live", tick, Date.now() - 100);
    await Promise.all([
      send(this.stack, made),
      sendJson(
        this.stack,
        "metrics",
        metricsRequest(applicationMetrics(tick), this.startedAt, Date.now()),
      ),
      ...(tick % 4 === 0 ? [lookAtTraces(this.stack)] : []),
      ...(this.stack.config.qdrant.enabled ? [searchVectors(this.stack, tick)] : []),
    ]);
    this.sent.spans.push(...made.spans);
    this.sent.logs.push(...made.logs);
  }
}
