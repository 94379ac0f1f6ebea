import { Agent, get } from "node:https";
import { OPERATOR } from "../../components/pki/certificate-spec";
import { TraceRequest, type Shape } from "../bench/otlp";
import type { ProcessStack } from "../helpers/process-stack";
import { addressIn, identityIn } from "../helpers/requests";
import type { Outgoing, Source } from "./stream";
import { grpcTransport } from "./transport";

export interface TraceOptions {
  /** Default: one trace of fifty spans a request; each trace costs a query when it is read back. */
  shape?: Shape;
  /** Seconds that the sender's clock is ahead. */
  clock?: number;
  /** Every request adds spans to the traces of the first one. */
  growing?: boolean;
  /** Every request is sent twice. */
  twice?: boolean;
  /** Seconds after which the sender gives one attempt up. Default: 10, as the SDKs have it. */
  timeout?: number;
  /** Each request's traces get a second part in a request so many seconds later. */
  late?: number;
}

const SHAPE: Shape = { spansPerTrace: 50, spansPerRequest: 50, attributes: "few" };

/** Connections over which the load is spread, and over which it is read. */
const CONNECTIONS = 6;

const sleep = (seconds: number) => new Promise((done) => setTimeout(done, seconds * 1000));

/** Bytes of an answer in protobuf before and after the trace id of a span, before its own id. */
const BEFORE_TRACE_ID = Buffer.from("0a10", "hex");
const BEFORE_SPAN_ID = Buffer.from("1208", "hex");

/** Ids of the spans of a trace in an answer, in the order in which they stand there. */
function spanIdsIn(answer: Buffer, traceId: string): string[] {
  const needle = Buffer.concat([BEFORE_TRACE_ID, Buffer.from(traceId, "hex"), BEFORE_SPAN_ID]);
  const ids: string[] = [];
  for (let at = answer.indexOf(needle); at >= 0; at = answer.indexOf(needle, at + 1)) {
    ids.push(answer.toString("hex", at + needle.length, at + needle.length + 8));
  }
  return ids;
}

/** Reads traces by their ids over several connections. */
export function traceReader(stack: ProcessStack) {
  const { host, port, serverName, root } = addressIn(stack, "tempo", "http");
  const { certificate, key } = identityIn(stack, OPERATOR);
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const options = { host, port, servername: serverName, ca: root, cert: certificate, key, agent };
  /** Span ids as often as Tempo has them; none where it does not answer. */
  const read = (traceId: string) =>
    new Promise<string[]>((resolve) => {
      const path = `/api/v2/traces/${traceId}`;
      const headers = { accept: "application/protobuf" };
      const request = get({ ...options, path, headers, timeout: 30_000 }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", () => resolve([]));
        response.on("end", () => {
          const whole = response.statusCode === 200;
          resolve(whole ? spanIdsIn(Buffer.concat(chunks), traceId) : []);
        });
      });
      request.on("timeout", () => request.destroy());
      request.on("error", () => resolve([]));
    });
  const readAll = async (traceIds: Iterable<string>): Promise<Map<string, string[]>> => {
    const found = new Map<string, string[]>();
    const waiting = [...traceIds];
    const worker = async () => {
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
        found.set(id, await read(id));
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, worker));
    return found;
  };
  return { readAll, close: () => agent.destroy() };
}

const idOf = (traceId: string, spanId: string) => `${traceId}/${spanId}`;

/** Spans to the collector over gRPC, read back from Tempo by trace id. */
export function traces(stack: ProcessStack, options: TraceOptions = {}): Source {
  const { shape = SHAPE, clock = 0, growing = false, twice = false, timeout, late } = options;
  const request = new TraceRequest(shape);
  const transports = Array.from({ length: CONNECTIONS }, () => grpcTransport(stack, { timeout }));
  const reader = traceReader(stack);
  let begun = 0;
  return {
    what: "spans",
    next(): Outgoing {
      const transport = transports[begun % CONNECTIONS];
      const now = Date.now() + clock * 1000;
      request.renew(now, { sameTraces: growing && begun > 0 });
      begun++;
      const parts = [{ frame: Buffer.from(request.frame), ids: request.ids() }];
      if (late !== undefined) {
        request.renew(now, { sameTraces: true });
        parts.push({ frame: Buffer.from(request.frame), ids: request.ids() });
      }
      let done = 0;
      return {
        ids: parts.flatMap(({ ids }) => ids.map(([traceId, spanId]) => idOf(traceId, spanId))),
        async send() {
          // Parts that were taken are not sent again.
          for (; done < parts.length; done++) {
            if (done > 0 && late !== undefined) await sleep(late);
            for (let copy = 0; copy < (twice ? 2 : 1); copy++) {
              const attempt = await transport.send(parts[done].frame);
              if (attempt.outcome !== "taken") return attempt;
            }
          }
          return { outcome: "taken", status: "0" };
        },
      };
    },
    async find(ids) {
      const stored = await reader.readAll(new Set(ids.map((id) => id.split("/")[0])));
      const has = new Set<string>();
      for (const [traceId, spans] of stored) for (const span of spans) has.add(idOf(traceId, span));
      return new Set(ids.filter((id) => has.has(id)));
    },
    close() {
      transports.forEach((transport) => transport.close());
      reader.close();
    },
  };
}
