import type { Socket } from "node:net";
import { exportHeaders, grpcFrame, openSession, openSocket, post, sendFrame } from "./dial";
import type { Target } from "./dial";
import * as payloads from "./payloads";

/** How often each answer came, by what was tried. */
export type Answers = Record<string, Record<string, number>>;

export interface Victims {
  grpc: Target;
  http: Target;
  /** The largest request that the intake takes, in bytes. */
  largest: number;
}

const PROTOBUF = { "content-type": "application/x-protobuf" };
const JSON_BODY = { "content-type": "application/json" };

const times = <T>(count: number, make: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)));

function counted(answers: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const answer of answers) counts[answer] = (counts[answer] ?? 0) + 1;
  return counts;
}

/** Sends frames at once on one connection. */
async function frames(
  target: Target,
  count: number,
  frame: Buffer,
  headers?: Record<string, string>,
): Promise<Record<string, number>> {
  const session = await openSession(target);
  session.on("error", () => {});
  const answers = await times(count, () => sendFrame(session, frame, headers));
  session.destroy();
  return counted(answers);
}

const posts = async (
  target: Target,
  count: number,
  body: Parameters<typeof post>[1],
  headers: Record<string, string>,
  path?: string,
) => counted(await times(count, () => post(target, body, headers, path)));

/** Requests above the limit, said to be so or not. */
export async function oversized({ grpc, http, largest }: Victims): Promise<Answers> {
  // What the server takes before it looks at the length: more would wait for it for ever.
  const part = Buffer.alloc(32 * 1024);
  function* chunks() {
    for (let sent = 0; sent < 16 * largest; sent += part.length) yield part;
  }
  return {
    "gRPC, above the limit": await frames(grpc, 20, grpcFrame(part, { length: largest + 1 })),
    "gRPC, 4 GiB": await frames(grpc, 20, grpcFrame(part, { length: 2 ** 32 - 1 })),
    "HTTP, above the limit": await posts(http, 20, Buffer.alloc(largest + 1), PROTOBUF),
    "HTTP, without a length": await posts(http, 4, chunks, PROTOBUF),
  };
}

/** A GiB each, once it is unpacked. */
export async function bombs({ grpc, http }: Victims): Promise<Answers> {
  const byEncoding = {
    gzip: payloads.gzipBomb(),
    zstd: payloads.zstdBomb(),
    zlib: payloads.zlibBomb(),
    deflate: payloads.zlibBomb(),
    snappy: payloads.snappyBomb(),
  };
  const answers: Answers = {};
  for (const [encoding, body] of Object.entries(byEncoding)) {
    answers[`HTTP, ${encoding}`] = await posts(http, 20, body, {
      ...PROTOBUF,
      "content-encoding": encoding,
    });
  }
  for (const encoding of ["gzip", "zstd"] as const) {
    const frame = grpcFrame(byEncoding[encoding], { compressed: true });
    answers[`gRPC, ${encoding}`] = await frames(grpc, 20, frame, { "grpc-encoding": encoding });
  }
  return answers;
}

/** Some bytes of zstd that ask for a window of 512 MiB, many at once. */
export async function windows({ http }: Victims): Promise<Answers> {
  const body = payloads.zstdBomb(300_000, 29);
  return {
    "HTTP, zstd": await posts(http, 200, body, { ...PROTOBUF, "content-encoding": "zstd" }),
  };
}

/** What is no request at all. */
export async function broken({ grpc, http }: Victims): Promise<Answers> {
  const answers: Answers = {};
  for (const [what, body] of Object.entries(payloads.BROKEN_PROTOBUF)) {
    answers[`HTTP, ${what}`] = await posts(http, 5, body, PROTOBUF);
    answers[`gRPC, ${what}`] = await frames(grpc, 5, grpcFrame(body));
  }
  for (const [what, body] of Object.entries(payloads.BROKEN_JSON)) {
    answers[`JSON, ${what}`] = await posts(http, 5, body, JSON_BODY);
  }
  return answers;
}

/**
 * Attributes and bodies of logs as deep as a request of the largest size can have them, and some that
 * are not as deep: the deepest might be refused by a store for their size alone.
 */
export async function deep({ grpc, http, largest }: Victims): Promise<Answers> {
  // Bytes that a level of lists takes in protobuf and in JSON, and one of maps.
  const [lists, json, maps] = [11, 30, 19].map((bytes) => Math.floor(largest / bytes));
  const answers: Answers = {
    "gRPC, deep": await frames(grpc, 1, grpcFrame(payloads.nested(lists))),
    "JSON, deep": await posts(http, 1, payloads.nestedJson(json), JSON_BODY),
  };
  const once = (body: Buffer, signal: string) => posts(http, 1, body, PROTOBUF, `/v1/${signal}`);
  for (const depth of [20_000, 60_000, maps]) {
    const body = payloads.nestedLog(depth, "body");
    answers[`a body of ${depth} maps`] = await once(body, "logs");
    const attribute = payloads.nestedLog(depth, "attribute");
    answers[`a log's attribute of ${depth} maps`] = await once(attribute, "logs");
    const sample = payloads.nestedSample(depth);
    answers[`a sample's attribute of ${depth} maps`] = await once(sample, "metrics");
  }
  return answers;
}

/** Requests of the largest size on one connection, all but their last bytes. */
export async function unfinished({ grpc, largest }: Victims): Promise<Answers> {
  const session = await openSession(grpc);
  session.on("error", () => {});
  const part = grpcFrame(Buffer.alloc(largest - 1024), { length: largest });
  let failed = 0;
  for (let index = 0; index < 400; index++) {
    const stream = session.request(exportHeaders());
    stream.on("error", () => failed++);
    stream.resume();
    stream.write(part);
  }
  await new Promise((resolve) => setTimeout(resolve, 4000));
  session.destroy();
  return { "gRPC, all but the last bytes": { failed } };
}

/** Connections that were opened together. */
interface Crowd {
  opened: number;
  refused: number;
  /** How many the other side has ended. */
  ended: () => number;
  leave: () => void;
}

/** Opens connections, so many at once that no backlog is full. */
async function gather(open: () => Promise<Socket>, count: number): Promise<Crowd> {
  const sockets: Socket[] = [];
  let ended = 0;
  for (let index = 0; index < count; index += 50) {
    const some = Array.from({ length: Math.min(50, count - index) }, open);
    for (const result of await Promise.allSettled(some)) {
      if (result.status === "rejected") continue;
      sockets.push(result.value);
      result.value.on("error", () => {});
      result.value.once("close", () => ended++);
      // What the server says is read, or its end would not be seen.
      result.value.resume();
    }
  }
  return {
    opened: sockets.length,
    refused: count - sockets.length,
    ended: () => ended,
    leave: () => sockets.forEach((socket) => socket.destroy()),
  };
}

/** Waits until crowds have been ended, at most some seconds, and tells of all of them. */
async function outlast(
  crowds: Record<string, Crowd>,
  awaited: (name: string) => boolean,
  seconds: number,
): Promise<Answers> {
  const end = Date.now() + seconds * 1000;
  const waiting = () =>
    Object.entries(crowds).some(([name, { opened, ended }]) => awaited(name) && ended() < opened);
  while (waiting() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 100));
  const answers = Object.entries(crowds).map(([name, { opened, refused, ended }]) => {
    const gone = ended();
    return [name, { refused, ended: gone, held: opened - gone }];
  });
  Object.values(crowds).forEach(({ leave }) => leave());
  return Object.fromEntries(answers) as Answers;
}

export interface CrowdSize {
  /** Connections of each kind. */
  sockets: number;
  /** How long at most it waits for their end. */
  seconds: number;
}

/** Connections that say nothing. Of gRPC's no end is waited for. */
export async function idle(
  { grpc, http }: Victims,
  {
    sockets,
    handshakes,
    seconds,
  }: CrowdSize & {
    /** Connections on top, with a handshake. */
    handshakes: { grpc: number; http: number };
  },
): Promise<Answers> {
  const crowds = {
    "gRPC, TCP": await gather(() => openSocket(grpc, false, "h2"), sockets),
    "gRPC, TLS": await gather(() => openSocket(grpc, true, "h2"), handshakes.grpc),
    "HTTP, TCP": await gather(() => openSocket(http, false, "http/1.1"), sockets),
    "HTTP, TLS": await gather(() => openSocket(http, true, "http/1.1"), handshakes.http),
  };
  return outlast(crowds, (name) => name.startsWith("HTTP"), seconds);
}

/** Writes a byte to each connection twice a second. */
async function trickle(
  begin: () => Promise<Socket>,
  count: number,
  byte: (socket: Socket) => void,
): Promise<Crowd> {
  const sockets: Socket[] = [];
  const crowd = await gather(async () => {
    const socket = await begin();
    sockets.push(socket);
    return socket;
  }, count);
  const timer = setInterval(() => sockets.filter((one) => one.writable).forEach(byte), 500);
  return {
    ...crowd,
    leave: () => {
      clearInterval(timer);
      crowd.leave();
    },
  };
}

/** The same over gRPC, each on a connection of its own. */
async function trickleFrames(target: Target, count: number): Promise<Crowd> {
  const sessions = await times(count, async () => {
    const session = await openSession(target);
    session.on("error", () => {});
    const stream = session.request(exportHeaders());
    stream.on("error", () => {});
    stream.resume();
    stream.write(grpcFrame(Buffer.alloc(1), { length: 1000 }));
    return { session, stream };
  });
  const timer = setInterval(() => {
    for (const { stream } of sessions) if (stream.writable) stream.write(Buffer.alloc(1));
  }, 500);
  return {
    opened: count,
    refused: 0,
    ended: () => sessions.filter(({ session }) => session.destroyed).length,
    leave: () => {
      clearInterval(timer);
      sessions.forEach(({ session }) => session.destroy());
    },
  };
}

/** Requests that come byte by byte and have no end. */
export async function slow(
  { grpc, http }: Victims,
  { sockets, seconds }: CrowdSize,
): Promise<Answers> {
  const start = "POST /v1/traces HTTP/1.1\r\nHost: collector\r\nContent-Type: application/json\r\n";
  const begun = (text: string) => async () => {
    const socket = await openSocket(http, true, "http/1.1");
    socket.write(text);
    return socket;
  };
  const crowds = {
    "HTTP, headers": await trickle(begun(`${start}X-Slow: `), sockets, (one) => one.write("x")),
    "HTTP, a body": await trickle(
      begun(`${start}Content-Length: 100000\r\n\r\n[`),
      sockets,
      (one) => one.write(" "),
    ),
    "gRPC, a message": await trickleFrames(grpc, sockets),
  };
  return outlast(crowds, () => true, seconds);
}

/** Who has no certificate, or another CA's, asks again and again. */
export async function strangers(
  { grpc, http }: Victims,
  who: { ca: string; foreign: { cert: string; key: string }; seconds: number },
): Promise<Answers> {
  const end = Date.now() + who.seconds * 1000;
  const kinds = {
    "without a certificate": { cert: undefined, key: undefined },
    "with another CA's": who.foreign,
  };
  const answers: Answers = {};
  const loop = async (name: string, ask: () => Promise<string>) => {
    const found: string[] = [];
    while (Date.now() < end) found.push(await ask());
    const served = found.filter((answer) => /^\d+$/.test(answer)).length;
    answers[name] = { served, refused: found.length - served };
  };
  const frame = grpcFrame(payloads.nested(1));
  await Promise.all(
    Object.entries(kinds).flatMap(([name, identity]) => [
      loop(`gRPC, ${name}`, async () => {
        try {
          const session = await openSession({ ...grpc, ...identity });
          session.on("error", () => {});
          const answer = await sendFrame(session, frame);
          session.destroy();
          return answer;
        } catch (error) {
          return (error as Error).message;
        }
      }),
      loop(`HTTP, ${name}`, () => post({ ...http, ...identity }, payloads.nested(1), PROTOBUF)),
    ]),
  );
  return answers;
}

export const ATTACKS = {
  ...{ oversized, bombs, windows, broken, deep, unfinished, idle, slow, strangers },
} as const;
