import { Agent, get as httpsGet } from "node:https";
import { OPERATOR } from "../../components/pki/certificate-spec";
import { ask } from "./data-source-api";
import { sendJson } from "./intake";
import type { ProcessStack } from "./process-stack";
import { addressIn, identityIn } from "./requests";

/**
 * Traces of known content, three services and five spans each, whose parts arrive in every order,
 * over connections of their own and seconds apart.
 */

export type TraceKind = "ordinary" | "error" | "slow" | "health";

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: { stringValue: string } }[];
  status?: { code: number };
}

/** What one service has of a trace, and sends by itself. */
interface Part {
  service: string;
  spans: Span[];
}

export interface KnownTrace {
  id: string;
  kind: TraceKind;
  parts: Part[];
}

const SERVER = 2;
const CLIENT = 3;
const ERROR = 2;

/** Numbers that are the same in every run, so that a run's outcome is, too. */
export function generator(seed: number) {
  let state = seed;
  const next = () => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
  return {
    below: (bound: number) => next() % bound,
    id: (bytes: 8 | 16) =>
      Array.from({ length: bytes / 4 }, () => next().toString(16).padStart(8, "0")).join(""),
  };
}

/** @param begin milliseconds since 1970 at which it began */
export function knownTrace(
  kind: TraceKind,
  index: number,
  begin: number,
  random: ReturnType<typeof generator>,
): KnownTrace {
  const id = random.id(16);
  const ids = Array.from({ length: 5 }, () => random.id(8));
  const time = (milliseconds: number) => `${begin + milliseconds}000000`;
  // Every third slow trace has no slow span: it is slow as a whole.
  const isSlow = kind === "slow";
  const root = isSlow && index % 3 > 0 ? 1500 : 300 + random.below(600);
  const last = isSlow && index % 3 === 0 ? 1200 : 50;
  const span = (at: number, name: string, of: number, from: number, to: number): Span => ({
    traceId: id,
    spanId: ids[at],
    ...(at > 0 && { parentSpanId: ids[at - 1] }),
    name,
    kind: of,
    startTimeUnixNano: time(from),
    endTimeUnixNano: time(to),
    attributes: [],
  });
  const path = kind === "health" ? "/healthz" : "/orders";
  const parts: Part[] = [
    {
      service: "gateway",
      spans: [
        {
          ...span(0, `GET ${path}`, SERVER, 0, root),
          attributes: [{ key: "url.path", value: { stringValue: path } }],
        },
        span(1, "POST", CLIENT, 10, 250),
      ],
    },
    {
      service: "orders",
      spans: [span(2, "POST /orders", SERVER, 20, 240), span(3, "stock.Get", CLIENT, 30, 200)],
    },
    { service: "stock", spans: [span(4, "stock.Get", SERVER, last, last + 100)] },
  ];
  // An error in whichever part; of health checks, some fail too.
  const fails = kind === "error" || (kind === "health" && index % 20 === 0);
  if (fails) parts[index % parts.length].spans[0].status = { code: ERROR };
  return { id, kind, parts };
}

export const spanIdsOf = ({ parts }: KnownTrace): string[] =>
  parts.flatMap(({ spans }) => spans.map(({ spanId }) => spanId)).sort();

/** One request with a part of each trace. */
function requestOf(parts: readonly Part[]) {
  const services = [...new Set(parts.map(({ service }) => service))];
  return {
    resourceSpans: services.map((service) => ({
      resource: { attributes: [{ key: "service.name", value: { stringValue: service } }] },
      scopeSpans: [
        {
          spans: parts.flatMap((part) => (part.service === service ? part.spans : [])),
        },
      ],
    })),
  };
}

/** @param replica of what takes them */
export const sendParts = (stack: ProcessStack, parts: readonly Part[], replica?: number) =>
  sendJson(stack, "traces", requestOf(parts), replica);

const sleepUntil = (time: number) =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, time - Date.now())));

/**
 * Sends the traces, `perBatch` of them every `interval` milliseconds: of each one part at once, the
 * next `apart` milliseconds later, and the last as long after that. Which part comes first changes
 * from trace to trace, and the replica of what takes them from part to part.
 *
 * @returns the longest time, in milliseconds, from a trace's first part being sent to its last
 * being taken.
 */
export async function sendApart(
  stack: ProcessStack,
  traces: readonly KnownTrace[],
  {
    perBatch,
    interval,
    apart,
    replicas = 1,
  }: { perBatch: number; interval: number; apart: number; replicas?: number },
): Promise<number> {
  const start = Date.now();
  const batches = Array.from({ length: Math.ceil(traces.length / perBatch) }, (_, batch) =>
    traces.slice(batch * perBatch, (batch + 1) * perBatch),
  );
  const gaps = batches.map(async (batch, index) => {
    const first = start + index * interval;
    await sleepUntil(first);
    const begun = Date.now();
    for (let round = 0; round < 3; round++) {
      await sleepUntil(first + round * apart);
      await sendParts(
        stack,
        batch.map(({ parts }, at) => parts[(at + round) % parts.length]),
        (index + round) % replicas,
      );
    }
    return Date.now() - begun;
  });
  return Math.max(...(await Promise.all(gaps)));
}

/**
 * Span ids, sorted, of every trace that Tempo's search finds, by trace id. It leaves out what ended
 * in the last half minute.
 *
 * @param most spans of a trace that are asked for
 */
export async function tracesBySearch(
  stack: ProcessStack,
  most: number,
): Promise<Map<string, string[]>> {
  const { traces = [] } = await ask<{
    traces?: { traceID: string; spanSets?: { spans?: { spanID: string }[] }[] }[];
  }>(stack, "tempo", "/api/search", {
    q: "{}",
    limit: 100_000,
    spss: most,
    start: Math.floor(Date.now() / 1000) - 3600,
    end: Math.ceil(Date.now() / 1000),
  });
  return new Map(
    traces.map(({ traceID, spanSets = [] }) => [
      // Tempo leaves out leading zeros.
      traceID.padStart(32, "0"),
      spanSets
        .flatMap(({ spans = [] }) => spans.map(({ spanID }) => spanID.padStart(16, "0")))
        .sort(),
    ]),
  );
}

/** Span ids, sorted, of those of the traces that Tempo has, by trace id. */
export async function tracesById(
  stack: ProcessStack,
  ids: readonly string[],
): Promise<Map<string, string[]>> {
  const { host, port, serverName, root } = addressIn(stack, "tempo", "http");
  const { certificate, key } = identityIn(stack, OPERATOR);
  // Connections that stay: ten thousand handshakes would take minutes.
  const agent = new Agent({ keepAlive: true, maxSockets: 6 });
  const options = { host, port, servername: serverName, ca: root, cert: certificate, key, agent };
  const found = new Map<string, string[]>();
  const read = (id: string) =>
    new Promise<void>((resolve, reject) => {
      httpsGet({ ...options, path: `/api/v2/traces/${id}`, timeout: 30_000 }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const body = Buffer.concat(chunks).toString("utf8");
          const { statusCode } = response;
          const spans = [...body.matchAll(/"spanId":"([^"]+)"/g)].map(([, spanId]) =>
            Buffer.from(spanId, "base64").toString("hex"),
          );
          if (statusCode === 200 && spans.length > 0) found.set(id, spans.sort());
          else if (statusCode !== 200 && statusCode !== 404) {
            reject(new Error(`Tempo answered ${statusCode}: ${body}`));
          }
          resolve();
        });
      }).on("error", reject);
    });
  const waiting = [...ids];
  const worker = async () => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) await read(id);
  };
  try {
    await Promise.all(Array.from({ length: 6 }, worker));
  } finally {
    agent.destroy();
  }
  return found;
}
