import { readFileSync } from "node:fs";
import { connect, type ClientHttp2Session } from "node:http2";
import { TraceRequest, type Shape } from "./otlp";

const PATH = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

export interface LoadOptions {
  /** Port of the collector's OTLP intake over gRPC, on 127.0.0.1. */
  port: number;
  /** Certificate files; without them it speaks plaintext. */
  tls?: { ca: string; cert: string; key: string };
  shape: Shape;
  /** Seconds for which requests are begun. */
  seconds: number;
  /** Requests in flight at once. */
  concurrency: number;
  /** Seconds after which a client gives a request up. Default: 30. */
  timeout?: number;
  /** Spans per second that are not exceeded; without it as many as are taken. */
  rate?: number;
}

export interface LoadResult {
  accepted: number;
  refused: number;
  /** Seconds from the first request to the last answer. */
  seconds: number;
  /** One trace id of each accepted request. */
  traceIds: string[];
}

/** Sends a request and gives its gRPC status; 0 is success. */
function send(session: ClientHttp2Session, body: Buffer, timeout: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let status: string | undefined;
    const stream = session.request({
      ":method": "POST",
      ":path": PATH,
      "content-type": "application/grpc",
      "grpc-timeout": `${timeout}S`,
      te: "trailers",
    });
    stream.on("response", (headers) => (status = headers["grpc-status"] as string | undefined));
    stream.on("trailers", (headers) => (status = headers["grpc-status"] as string | undefined));
    stream.on("error", reject);
    stream.on("close", () => resolve(Number(status ?? 14)));
    stream.resume();
    stream.end(body);
  });
}

/** Loads the intake over one connection. What is refused is counted and not sent again. */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const { port, tls, shape, seconds, concurrency, rate, timeout = 30 } = options;
  const session = connect(
    `${tls ? "https" : "http"}://127.0.0.1:${port}`,
    tls && {
      ca: readFileSync(tls.ca),
      cert: readFileSync(tls.cert),
      key: readFileSync(tls.key),
    },
  );
  await new Promise<void>((resolve, reject) => {
    session.once("connect", () => resolve());
    session.once("error", reject);
  });
  const result: LoadResult = { accepted: 0, refused: 0, seconds: 0, traceIds: [] };
  const begin = performance.now();
  let begun = 0;
  const worker = async () => {
    const request = new TraceRequest(shape);
    while (performance.now() - begin < seconds * 1000) {
      const due = rate === undefined ? 0 : (begun / rate) * 1000 - (performance.now() - begin);
      begun += shape.spansPerRequest;
      if (due > 0) await new Promise((resolve) => setTimeout(resolve, due));
      const id = request.renew();
      const status = await send(session, Buffer.from(request.frame), timeout);
      if (status === 0) {
        result.accepted += shape.spansPerRequest;
        result.traceIds.push(id);
      } else {
        result.refused += shape.spansPerRequest;
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  result.seconds = (performance.now() - begin) / 1000;
  session.close();
  return result;
}
