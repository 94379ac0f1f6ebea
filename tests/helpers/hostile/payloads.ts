import { randomFillSync } from "node:crypto";
import { constants, deflateRawSync, gzipSync } from "node:zlib";

/** What a hostile sender sends: bodies of OTLP that are too large, too deep, or nothing at all. */

const MI = 2 ** 20;
const GI = 2 ** 30;

/** Bytes that are zero once they are unpacked: an empty tag, which no request may begin with. */
const PIECE = 16 * MI;

/** A whole number of gzip members, each of zeros; a reader takes them as one text. */
export function gzipBomb(unpacked = GI): Buffer {
  const member = gzipSync(Buffer.alloc(PIECE), { level: 9 });
  return Buffer.concat(Array<Buffer>(Math.ceil(unpacked / PIECE)).fill(member));
}

/** Zeros in zlib's format. It has no end: whoever reads so far has read it all. */
export function zlibBomb(unpacked = GI): Buffer {
  const piece = deflateRawSync(Buffer.alloc(PIECE), {
    level: 9,
    finishFlush: constants.Z_FULL_FLUSH,
  });
  const pieces = Array<Buffer>(Math.ceil(unpacked / PIECE)).fill(piece);
  return Buffer.concat([Buffer.from([0x78, 0xda]), ...pieces]);
}

/** A zstd frame (RFC 8878) of blocks that repeat one zero; `windowLog` is what it claims to look back. */
export function zstdBomb(unpacked = GI, windowLog = 20): Buffer {
  const blockSize = 128 * 1024;
  const blocks = Math.ceil(unpacked / blockSize);
  const frame = Buffer.alloc(6 + 4 * blocks);
  // Magic number, descriptor (a window, no size, no checksum), window.
  frame.writeUInt32LE(0xfd2fb528, 0);
  frame.writeUInt8(0, 4);
  frame.writeUInt8((windowLog - 10) << 3, 5);
  for (let index = 0; index < blocks; index++) {
    const last = Number(index === blocks - 1);
    frame.writeUIntLE((blockSize << 3) | (1 << 1) | last, 6 + 4 * index, 3);
  }
  return frame;
}

const varint = (value: number): number[] => {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return [...bytes, value];
};

/** A block of snappy that says how long it will be, and goes on with copies of its first zero. */
export function snappyBomb(unpacked = GI): Buffer {
  const copies = Buffer.alloc(3 * 1000);
  // A copy of 64 bytes from one byte before.
  for (let at = 0; at < copies.length; at += 3) copies.writeUIntLE(0x0001fe, at, 3);
  return Buffer.concat([Buffer.from([...varint(unpacked), 0, 0]), copies]);
}

const field = (number: number, content: Buffer) =>
  Buffer.concat([Buffer.from([(number << 3) | 2, ...varint(content.length)]), content]);

/**
 * An `AnyValue` of values in values, made from the inside.
 *
 * @param wrap headers of a level, the innermost first, for how many bytes are inside so far.
 */
function nestedValue(
  depth: number,
  wrap: readonly ((inside: number) => readonly number[])[],
): Buffer {
  // A header has at most six bytes.
  const buffer = Buffer.alloc(depth * 6 * wrap.length + 16);
  const end = buffer.length;
  let at = end;
  const prepend = (bytes: readonly number[]) => {
    at -= bytes.length;
    buffer.set(bytes, at);
  };
  prepend([0x0a, 1, 0x78]);
  for (let level = 0; level < depth; level++) for (const header of wrap) prepend(header(end - at));
  return buffer.subarray(at);
}

/** Header of a field of that tag, around what is inside. */
const header = (tag: number) => (inside: number) => [tag, ...varint(inside)];
const LIST = [header(0x0a), header(0x2a)];
const MAP = [header(0x12), () => [0x0a, 1, 0x6b], header(0x0a), header(0x32)];

const nestedAttribute = (value: Buffer) =>
  Buffer.concat([field(1, Buffer.from("nested")), field(2, value)]);

/** The present, as a field of a fixed size. */
function timeField(number: number): Buffer {
  const bytes = Buffer.alloc(9, number * 8 + 1);
  bytes.writeBigUInt64LE(BigInt(Date.now()) * 1_000_000n, 1);
  return bytes;
}

/** A request with one log line, whose body, or one of whose attributes, is `depth` maps deep. */
export function nestedLog(depth: number, where: "body" | "attribute"): Buffer {
  const value = nestedValue(depth, MAP);
  const nested = where === "body" ? field(5, value) : field(6, nestedAttribute(value));
  return field(1, field(2, field(2, Buffer.concat([timeField(1), nested]))));
}

/** A request with one sample, of which one attribute is `depth` maps deep. */
export function nestedSample(depth: number): Buffer {
  const attribute = field(7, nestedAttribute(nestedValue(depth, MAP)));
  const sample = Buffer.concat([timeField(3), Buffer.alloc(9, 6 * 8 + 1), attribute]);
  const metric = Buffer.concat([field(1, Buffer.from("nested")), field(5, field(1, sample))]);
  return field(1, field(2, field(2, metric)));
}

/** A request with one span, of which one attribute is `depth` lists deep. */
export function nested(depth: number): Buffer {
  const span = Buffer.concat([
    field(1, randomFillSync(Buffer.alloc(16))),
    field(2, randomFillSync(Buffer.alloc(8))),
    field(5, Buffer.from("nested")),
    timeField(7),
    timeField(8),
    field(9, nestedAttribute(nestedValue(depth, LIST))),
  ]);
  return field(1, field(2, field(2, span)));
}

/** The same in JSON. */
export function nestedJson(depth: number): Buffer {
  const value = `${'{"arrayValue":{"values":['.repeat(depth)}{"stringValue":"x"}${"]}}".repeat(depth)}`;
  const span = {
    traceId: randomFillSync(Buffer.alloc(16)).toString("hex"),
    spanId: randomFillSync(Buffer.alloc(8)).toString("hex"),
    name: "nested",
    startTimeUnixNano: `${Date.now()}000000`,
    endTimeUnixNano: `${Date.now()}000000`,
    attributes: [{ key: "nested", value: "VALUE" }],
  };
  const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
  return Buffer.from(body.replace('"VALUE"', value));
}

/** Bodies that are no request, by what is wrong with them. */
export const BROKEN_PROTOBUF: Readonly<Record<string, Buffer>> = {
  noise: randomFillSync(Buffer.alloc(4096)),
  "a length beyond the end": Buffer.from([0x0a, 0xff, 0xff, 0xff, 0x7f, 0x0a]),
  "a length that never ends": Buffer.from([0x0a, ...Array<number>(20).fill(0xff)]),
  "a number where a message is": Buffer.from([0x08, 1]),
  "a group that never ends": Buffer.alloc(64 * 1024, 0x0b),
  "half a request": nested(3).subarray(0, 40),
  "an id of three bytes": field(1, field(2, field(2, field(1, Buffer.from([1, 2, 3]))))),
};

export const BROKEN_JSON: Readonly<Record<string, Buffer>> = {
  "no end": Buffer.from('{"resourceSpans":[{'),
  "no JSON": Buffer.from("resourceSpans: []"),
  "brackets alone": Buffer.alloc(MI, "["),
  "a wrong type": Buffer.from('{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":{}}]}]}]}'),
  "half an escape": Buffer.from('{"resourceSpans":"\\uD8'),
  "half a letter": Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31]),
};
