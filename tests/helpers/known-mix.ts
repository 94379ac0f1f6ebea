import { createHash } from "node:crypto";

/**
 * A mix of requests whose every number is known: which services call which, how often, how long
 * they take, which fail and what they log. All of it follows from a request's ordinal; there is no
 * chance in it.
 */

export type SpanKind = "SERVER" | "CLIENT" | "PRODUCER" | "CONSUMER";
export type Level = "DEBUG" | "INFO" | "WARN" | "ERROR";

export interface MixSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  service: string;
  name: string;
  kind: SpanKind;
  /** Milliseconds since 1970. */
  start: number;
  end: number;
  failed: boolean;
  attributes: Readonly<Record<string, string>>;
}

export interface MixLog {
  traceId: string;
  spanId: string;
  service: string;
  level: Level;
  /** Milliseconds since 1970. */
  time: number;
  body: string;
  attributes: Readonly<Record<string, string>>;
}

export interface Telemetry {
  spans: MixSpan[];
  logs: MixLog[];
}

type Ordinal = (ordinal: number) => number;

/** What a service does for one request, and whom it asks for that. */
interface Call {
  service: string;
  operation: string;
  /** `queue`: the caller does not wait. `peer`: it has no telemetry of its own. */
  by?: "queue" | "peer";
  /** Milliseconds of its own work, beside what it waits for. */
  own: Ordinal;
  fails?: (ordinal: number) => boolean;
  /** Whether it answers well where one that it asked failed. */
  copes?: boolean;
  calls?: readonly Call[];
  attributes?: Readonly<Record<string, string>>;
  /** The audit record that it writes, if it does. */
  audit?: string;
}

const always = (milliseconds: number) => () => milliseconds;
const oneIn = (share: number, remainder: number) => (ordinal: number) =>
  ordinal % share === remainder;
/** One in ten takes `slow`, so that the 95th percentile is among the slow ones. */
const mostly =
  (usual: number, slow: number): Ordinal =>
  (ordinal) =>
    oneIn(10, 3)(ordinal) ? slow : usual;

const CHECKOUT: Call = {
  service: "frontend",
  operation: "POST /checkout",
  own: always(12),
  attributes: { "http.request.method": "POST", "http.route": "/checkout" },
  calls: [
    {
      service: "checkout",
      operation: "PlaceOrder",
      own: always(8),
      audit: "order placed",
      calls: [
        {
          service: "payment",
          operation: "Charge",
          own: mostly(80, 1500),
          fails: oneIn(5, 0),
          audit: "card charged",
        },
        {
          service: "inventory",
          operation: "Reserve",
          own: always(15),
          calls: [
            {
              service: "stock",
              operation: "UPDATE items",
              by: "peer",
              own: always(4),
              attributes: { "db.name": "stock", "db.system": "postgresql" },
            },
          ],
        },
        { service: "mailer", operation: "receipts", by: "queue", own: always(40) },
      ],
    },
  ],
};

const SEARCH: Call = {
  service: "frontend",
  operation: "GET /search",
  own: always(6),
  copes: true,
  attributes: { "http.request.method": "GET", "http.route": "/search" },
  calls: [
    {
      service: "search",
      operation: "Search",
      own: mostly(30, 700),
      fails: oneIn(20, 7),
      calls: [
        { service: "embedder", operation: "Embed", own: always(18) },
        {
          service: "qdrant",
          operation: "query documents",
          by: "peer",
          own: always(7),
          attributes: { "peer.service": "qdrant", "db.system": "qdrant" },
        },
      ],
    },
  ],
};

/** The kinds of requests, with how many of each a tick has. */
export const REQUESTS = {
  checkout: { call: CHECKOUT, perTick: 1 },
  search: { call: SEARCH, perTick: 3 },
};
export type RequestKind = keyof typeof REQUESTS;

/** After so many ticks every share of the mix has come round: of 20 searches in 3 a tick. */
export const CYCLE = 20;

const hash = (...parts: (string | number)[]) =>
  createHash("sha256")
    .update(["tracekeep", ...parts].join())
    .digest("hex");

/** Milliseconds that it takes to answer. */
const lasts = (call: Call, ordinal: number): number =>
  (call.calls ?? []).reduce((sum, callee) => sum + waits(callee, ordinal), call.own(ordinal));

/** Milliseconds that its caller waits: the time on the wire comes on top. */
function waits(call: Call, ordinal: number): number {
  if (call.by === "queue") return 1;
  return lasts(call, ordinal) + (call.by === "peer" ? 0 : 2);
}

const isFailed = (call: Call, ordinal: number): boolean =>
  (call.fails?.(ordinal) ?? false) ||
  (!call.copes && (call.calls ?? []).some((callee) => isFailed(callee, ordinal)));

class Recorder {
  readonly telemetry: Telemetry = { spans: [], logs: [] };
  #count = 0;

  constructor(
    readonly traceId: string,
    readonly ordinal: number,
  ) {}

  span(span: Omit<MixSpan, "traceId" | "spanId">): string {
    const spanId = hash(this.traceId, this.#count++).slice(0, 16);
    this.telemetry.spans.push({ traceId: this.traceId, spanId, ...span });
    return spanId;
  }

  log(log: Omit<MixLog, "traceId">): void {
    this.telemetry.logs.push({ traceId: this.traceId, ...log });
  }
}

function logsOf(call: Call, spanId: string, end: number, recorder: Recorder): void {
  const { ordinal } = recorder;
  const { service, operation, audit } = call;
  const took = lasts(call, ordinal);
  const log = (level: Level, body: string, attributes = {}) =>
    recorder.log({ service, level, body, spanId, time: end, attributes });
  if (isFailed(call, ordinal)) log("ERROR", `${operation} failed`, { "error.type": "refused" });
  else log("INFO", `${operation} done in ${took} ms`);
  if (took > 500) log("WARN", `${operation} was slow: ${took} ms`);
  if (oneIn(4, 1)(ordinal)) log("DEBUG", `${operation} took the cache`);
  if (audit !== undefined && !isFailed(call, ordinal)) {
    log("INFO", `${audit}: order ${ordinal}`, {
      "audit.action": audit,
      "audit.actor": `customer ${ordinal % 7}`,
    });
  }
}

/** The caller's span, the callee's under it where it has one, and what the callee calls. */
function ask(caller: string, parent: string, call: Call, start: number, recorder: Recorder): void {
  const { ordinal } = recorder;
  const spanId = recorder.span({
    parentSpanId: parent,
    service: caller,
    name: call.operation,
    kind: call.by === "queue" ? "PRODUCER" : "CLIENT",
    start,
    end: start + waits(call, ordinal),
    failed: isFailed(call, ordinal),
    attributes: call.attributes ?? {},
  });
  if (call.by !== "peer") answer(call, spanId, start + 1, recorder);
}

function answer(call: Call, parent: string | undefined, start: number, recorder: Recorder): void {
  const { ordinal } = recorder;
  const end = start + lasts(call, ordinal);
  const spanId = recorder.span({
    ...(parent !== undefined && { parentSpanId: parent }),
    service: call.service,
    name: call.operation,
    kind: call.by === "queue" ? "CONSUMER" : "SERVER",
    start,
    end,
    failed: isFailed(call, ordinal),
    attributes: call.attributes ?? {},
  });
  logsOf(call, spanId, end, recorder);
  // Its own work comes first, then one call after the other; the last ends with it.
  let at = start + call.own(ordinal);
  for (const callee of call.calls ?? []) {
    ask(call.service, spanId, callee, at, recorder);
    at += waits(callee, ordinal);
  }
}

/** Trace id of a request; `phase` keeps requests of the same ordinal apart. */
export const traceIdOf = (phase: string, kind: RequestKind, ordinal: number): string =>
  hash(phase, kind, ordinal).slice(0, 32);

/** One request that was answered at `end` (milliseconds since 1970): its spans and log lines. */
export function requestAt(
  phase: string,
  kind: RequestKind,
  ordinal: number,
  end: number,
): Telemetry {
  const { call } = REQUESTS[kind];
  const recorder = new Recorder(traceIdOf(phase, kind, ordinal), ordinal);
  answer(call, undefined, end - lasts(call, ordinal), recorder);
  return recorder.telemetry;
}

/** All requests of a tick, answered at `end`. */
export function tickAt(phase: string, tick: number, end: number): Telemetry {
  const parts = (Object.keys(REQUESTS) as RequestKind[]).flatMap((kind) => {
    const { perTick } = REQUESTS[kind];
    return Array.from({ length: perTick }, (_, index) =>
      requestAt(phase, kind, tick * perTick + index, end),
    );
  });
  return {
    spans: parts.flatMap(({ spans }) => spans),
    logs: parts.flatMap(({ logs }) => logs),
  };
}
