import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import { request } from "node:https";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

const EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/** A listener, and with what it is dialled. */
export interface Target {
  /** Default: 127.0.0.1. */
  host?: string;
  port: number;
  serverName: string;
  /** PEM; without it, it is plaintext. */
  ca?: string;
  cert?: string;
  key?: string;
}

/** A frame of gRPC around a body, or one that says to be longer than it is. */
export function grpcFrame(body: Buffer, { compressed = false, length = body.length } = {}): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(Number(compressed), 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, body]);
}

const tlsOf = ({ serverName, ca, cert, key }: Target) => ({
  servername: serverName,
  ca,
  cert,
  key,
});

/** A connection of HTTP/2. */
export function openSession(target: Target): Promise<ClientHttp2Session> {
  const scheme = target.ca === undefined ? "http" : "https";
  const session = connectHttp2(`${scheme}://127.0.0.1:${target.port}`, tlsOf(target));
  return new Promise((resolve, reject) => {
    session.once("connect", () => resolve(session));
    session.once("error", reject);
  });
}

export const exportHeaders = (more: Record<string, string> = {}) => ({
  ":method": "POST",
  ":path": EXPORT,
  "content-type": "application/grpc",
  te: "trailers",
  ...more,
});

/** Sends a frame; what comes back: the number of gRPC's status, or what the connection said. */
export function sendFrame(
  session: ClientHttp2Session,
  frame: Buffer,
  headers: Record<string, string> = {},
): Promise<string> {
  return new Promise((resolve) => {
    const stream = session.request(exportHeaders(headers));
    const note = ({ "grpc-status": status }: Record<string, unknown>) => {
      if (typeof status !== "string") return;
      resolve(status);
      // A server that has answered reads no further, and what is not written yet would wait for it.
      stream.close();
    };
    stream.on("response", note);
    stream.on("trailers", note);
    stream.on("error", (error: Error) => resolve(error.message));
    stream.on("close", () => resolve("closed"));
    const timer = setTimeout(() => resolve("no answer"), 20_000);
    stream.on("close", () => clearTimeout(timer));
    stream.resume();
    stream.end(frame);
  });
}

/** Posts a body; what comes back: the status, or what the connection said. */
export function post(
  target: Target,
  body: Buffer | (() => Generator<Buffer>),
  headers: Record<string, string>,
  path = "/v1/traces",
): Promise<string> {
  return new Promise((resolve) => {
    const sent = request({
      host: "127.0.0.1",
      port: target.port,
      ...tlsOf(target),
      method: "POST",
      path,
      headers,
      agent: false,
      timeout: 60_000,
    });
    sent.on("timeout", () => sent.destroy(new Error("no answer")));
    sent.on("response", (response) => {
      resolve(String(response.statusCode));
      response.on("error", () => {});
      response.resume();
    });
    sent.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    sent.on("close", () => resolve("closed"));
    if (Buffer.isBuffer(body)) {
      sent.end(body);
      return;
    }
    const pieces = body();
    const write = () => {
      for (;;) {
        const { value, done } = pieces.next();
        if (done || sent.destroyed) return void sent.end();
        if (!sent.write(value)) return void sent.once("drain", write);
      }
    };
    write();
  });
}

/** A connection that says nothing, or no more than the handshake of TLS. */
export function openSocket(target: Target, handshake: boolean, protocol: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = handshake
      ? connectTls(
          { host: "127.0.0.1", port: target.port, ALPNProtocols: [protocol], ...tlsOf(target) },
          () => resolve(socket),
        )
      : connect(target.port, "127.0.0.1", () => resolve(socket));
    socket.once("error", reject);
  });
}
