import { Agent, request as httpsRequest } from "node:https";
import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import { VERIFICATION } from "../../components/pki/certificate-spec";
import type { ProcessStack } from "../helpers/process-stack";
import { addressIn, identityIn } from "../helpers/requests";

/**
 * What became of one attempt, and what the specification of OTLP has a sender do next: be content,
 * send the same again, or drop it.
 */
export interface Attempt {
  outcome: "taken" | "again" | "refused";
  /** Status as the protocol spells it, or the connection's error. */
  status: string;
}

/** Way of a signal to the collector's intake. */
export interface Transport {
  send(body: Buffer): Promise<Attempt>;
  close(): void;
}

/** Seconds after which a sender gives one attempt up, as the SDKs do. */
const TIMEOUT = 10;

const GRPC_PATH = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/** gRPC statuses that are to be repeated; 8 (RESOURCE_EXHAUSTED) only where the server says when. */
const REPEATED = new Set(["1", "4", "10", "11", "14", "15"]);

/** HTTP statuses that are to be repeated. */
const REPEATED_HTTP = new Set([429, 502, 503, 504]);

function tlsOf(stack: ProcessStack, identity: string) {
  const { certificate, key } = identityIn(stack, identity);
  const { root, serverName } = addressIn(stack, "collector", "otlpGrpc");
  return { ca: root, cert: certificate, key, servername: serverName };
}

/** Traces over gRPC on one connection, which is made anew when it breaks. Bodies are gRPC frames. */
export function grpcTransport(
  stack: ProcessStack,
  { timeout = TIMEOUT, identity = VERIFICATION }: { timeout?: number; identity?: string } = {},
): Transport {
  const authority = `https://127.0.0.1:${stack.port("collector", "otlpGrpc")}`;
  let session: ClientHttp2Session | undefined;
  const open = () => {
    if (session && !session.closed && !session.destroyed) return session;
    const opened = connect(authority, tlsOf(stack, identity));
    // Each stream on it tells its own error.
    opened.on("error", () => undefined);
    const gone = () => {
      if (session === opened) session = undefined;
    };
    opened.on("goaway", gone);
    opened.on("close", gone);
    session = opened;
    return opened;
  };
  const attempt = (body: Buffer) =>
    new Promise<Attempt>((resolve) => {
      let status: string | undefined;
      let problem = "the connection ended";
      const stream = open().request({
        ":method": "POST",
        ":path": GRPC_PATH,
        "content-type": "application/grpc",
        "grpc-timeout": `${timeout}S`,
        te: "trailers",
      });
      const note = (headers: IncomingHttpHeaders) => {
        status = (headers["grpc-status"] as string | undefined) ?? status;
      };
      const timer = setTimeout(
        () => {
          problem = "no answer in time";
          stream.close();
        },
        (timeout + 1) * 1000,
      );
      stream.on("response", note);
      stream.on("trailers", note);
      stream.on("error", ({ message }: Error) => (problem = message));
      stream.on("close", () => {
        clearTimeout(timer);
        if (status === "0") resolve({ outcome: "taken", status });
        // No status: the connection broke, which counts as 14 (UNAVAILABLE).
        else if (status === undefined) resolve({ outcome: "again", status: problem });
        else resolve({ outcome: REPEATED.has(status) ? "again" : "refused", status });
      });
      stream.resume();
      stream.end(body);
    });
  return {
    send: (body) =>
      attempt(body).catch((error: Error): Attempt => ({ outcome: "again", status: error.message })),
    close: () => session?.close(),
  };
}

/** Any signal over HTTP, in JSON. */
export function httpTransport(
  stack: ProcessStack,
  signal: "traces" | "logs" | "metrics",
): Transport {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const options = {
    ...tlsOf(stack, VERIFICATION),
    host: "127.0.0.1",
    port: stack.port("collector", "otlpHttp"),
    agent,
    method: "POST",
    path: `/v1/${signal}`,
    timeout: TIMEOUT * 1000,
  };
  return {
    send: (body) =>
      new Promise((resolve) => {
        const again = (error: Error) => resolve({ outcome: "again", status: error.message });
        const headers = { "content-type": "application/json", "content-length": body.length };
        const request = httpsRequest({ ...options, headers }, (response) => {
          const { statusCode = 0 } = response;
          response.on("error", again);
          response.on("end", () => {
            if (statusCode === 200) resolve({ outcome: "taken", status: "200" });
            else {
              const outcome = REPEATED_HTTP.has(statusCode) ? "again" : "refused";
              resolve({ outcome, status: String(statusCode) });
            }
          });
          response.resume();
        });
        request.on("timeout", () => request.destroy(new Error("no answer in time")));
        request.on("error", again);
        request.end(body);
      }),
    close: () => agent.destroy(),
  };
}
