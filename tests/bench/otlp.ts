import { randomFillSync } from "node:crypto";

/**
 * Requests of OTLP with traces, encoded once and then only patched: ids and times change from one
 * request to the next, so that making load costs next to nothing beside the servers under it.
 */

export interface Shape {
  /** Spans in a trace. */
  spansPerTrace: number;
  /** Spans in a request; a whole number of traces. */
  spansPerRequest: number;
  /**
   * Whether spans carry the attributes of a web service, some ten of them, or two short ones, or one
   * of the length at which Tempo begins to cut.
   */
  attributes: "few" | "many" | "longest";
  /** Whether the first span of every trace is one that failed, which sampling keeps. */
  failed?: boolean;
}

const varint = (value: number): number[] => {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return [...bytes, value];
};

const field = (number: number, wire: number) => varint(number * 8 + wire);

function bytes(number: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([...field(number, 2), ...varint(content.length)]), content]);
}

const text = (number: number, content: string) => bytes(number, Buffer.from(content));
const integer = (number: number, value: number) =>
  Buffer.from([...field(number, 0), ...varint(value)]);

function fixed64(number: number, value: bigint): Buffer {
  const content = Buffer.alloc(8);
  content.writeBigUInt64LE(value);
  return Buffer.concat([Buffer.from(field(number, 1)), content]);
}

function attribute(number: number, key: string, value: string | number): Buffer {
  const any = typeof value === "string" ? text(1, value) : integer(3, value);
  return bytes(number, Buffer.concat([text(1, key), bytes(2, any)]));
}

/** Bytes that stand for an id until it is patched; they occur nowhere else. */
const TRACE_ID = Buffer.from("f0e1d2c3b4a5968778695a4b3c2d1e0f", "hex");
const SPAN_ID = Buffer.from("a9b8c7d6e5f40312", "hex");
const PARENT_ID = Buffer.from("12f3e4d5c6b7a899", "hex");
const STATUS_ERROR = 2;
const START = 0x1122334455667788n;
const END = 0x2233445566778811n;

function span(index: number, { attributes, failed }: Shape): Buffer {
  const pairs: [string, string | number][] = [
    ["network.peer.address", "10.1.2.3"],
    ["peer.service", "bench-server"],
  ];
  if (attributes === "many") {
    pairs.push(
      ["http.request.method", "GET"],
      ["http.response.status_code", 200],
      ["http.route", "/api/v1/orders/{id}"],
      ["url.full", "https://shop.example.com/api/v1/orders/12345?page=2&size=10"],
      ["user_agent.original", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101"],
      ["server.address", "shop.example.com"],
      ["server.port", 443],
      ["db.query.text", "SELECT id, name FROM orders WHERE customer_id = $1 ORDER BY created"],
    );
  }
  if (attributes === "longest") pairs.push(["app.payload", "word ".repeat(3277).slice(0, 16_384)]);
  return bytes(
    2,
    Buffer.concat([
      bytes(1, TRACE_ID),
      bytes(2, SPAN_ID),
      ...(index > 0 ? [bytes(4, PARENT_ID)] : []),
      text(5, index > 0 ? "GET /api/v1/orders/{id}" : "checkout"),
      // A client calls a server: the service graph has something to pair.
      integer(6, index % 2 === 0 ? 3 : 2),
      fixed64(7, START),
      fixed64(8, END),
      ...pairs.map(([key, value]) => attribute(9, key, value)),
      ...(failed && index === 0 ? [bytes(15, integer(3, STATUS_ERROR))] : []),
    ]),
  );
}

/** Offsets at which `needle` stands. */
function offsets(haystack: Buffer, needle: Buffer): number[] {
  const found: number[] = [];
  for (let at = haystack.indexOf(needle); at >= 0; at = haystack.indexOf(needle, at + 1)) {
    found.push(at);
  }
  return found;
}

const little = (value: bigint) => {
  const content = Buffer.alloc(8);
  content.writeBigUInt64LE(value);
  return content;
};

/** One request in the frame of gRPC. */
export class TraceRequest {
  readonly frame: Buffer;
  readonly #traceIds: number[];
  readonly #spanIds: number[];
  readonly #parentIds: number[];
  readonly #starts: number[];
  readonly #ends: number[];

  constructor(readonly shape: Shape) {
    const spans = Array.from({ length: shape.spansPerRequest }, (_, index) =>
      span(index % shape.spansPerTrace, shape),
    );
    const resource = bytes(1, attribute(1, "service.name", "bench"));
    const scope = bytes(2, Buffer.concat([bytes(1, text(1, "bench")), ...spans]));
    const body = bytes(1, Buffer.concat([resource, scope]));
    const head = Buffer.alloc(5);
    head.writeUInt32BE(body.length, 1);
    this.frame = Buffer.concat([head, body]);
    this.#traceIds = offsets(this.frame, TRACE_ID);
    this.#spanIds = offsets(this.frame, SPAN_ID);
    this.#parentIds = offsets(this.frame, PARENT_ID);
    this.#starts = offsets(this.frame, little(START));
    this.#ends = offsets(this.frame, little(END));
  }

  /**
   * Gives every trace and span new ids, or every span alone, and the time of its end.
   *
   * @param time milliseconds since 1970. Default: now.
   * @returns the first trace's id, in hexadecimal digits.
   */
  renew(time = Date.now(), { sameTraces = false } = {}): string {
    const { frame } = this;
    const { spansPerTrace } = this.shape;
    const ids = randomFillSync(Buffer.allocUnsafe(8 * this.#spanIds.length + 16));
    const end = BigInt(time) * 1_000_000n;
    let parent = 0;
    this.#spanIds.forEach((at, index) => {
      ids.copy(frame, at, 8 * index, 8 * index + 8);
      const first = index - (index % spansPerTrace);
      if (!sameTraces) ids.copy(frame, this.#traceIds[index], 8 * first, 8 * first + 16);
      if (index > first) ids.copy(frame, this.#parentIds[parent++], 8 * (index - 1), 8 * index);
      frame.writeBigUInt64LE(end - 20_000_000n, this.#starts[index]);
      frame.writeBigUInt64LE(end, this.#ends[index]);
    });
    return frame.toString("hex", this.#traceIds[0], this.#traceIds[0] + 16);
  }

  /** Trace id and span id of every span, in hexadecimal digits. */
  ids(): [traceId: string, spanId: string][] {
    const { frame } = this;
    return this.#spanIds.map((at, index) => [
      frame.toString("hex", this.#traceIds[index], this.#traceIds[index] + 16),
      frame.toString("hex", at, at + 8),
    ]);
  }
}
