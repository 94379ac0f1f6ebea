import { Client, credentials } from "@grpc/grpc-js";
import { Agent, request } from "node:https";
import { TraceRequest } from "../../bench/otlp";
import type { Target } from "./dial";

const EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

const LOOPBACK = "127.0.0.1";

/** Requests per second of each protocol. */
const RATE = 3;

/** Milliseconds for which a request is tried, as SDKs do. */
const PATIENCE = 10_000;

/** What became of the requests since the start. */
export interface Record {
  /** Trace ids of those that were acknowledged. */
  acknowledged: string[];
  /** What was said of those that had to be sent again. */
  repeated: string[];
  /** What was said of the others. */
  failed: string[];
  /** Milliseconds until each was acknowledged. */
  latencies: number[];
}

/** What OTLP says is to be sent again, and what was no answer at all. */
const isRepeated = (message: string) => /^gRPC: 14|^HTTP: (429|502|503|504|\D)/.test(message);

/** A sender that behaves well: small requests at a steady rate, over gRPC and HTTP. */
export class SteadySender {
  readonly record: Record = { acknowledged: [], repeated: [], failed: [], latencies: [] };
  readonly #timer: NodeJS.Timeout;
  readonly #inFlight = new Set<Promise<void>>();
  readonly #agent: Agent;
  readonly #client: Client;
  readonly #made = new TraceRequest({ spansPerTrace: 5, spansPerRequest: 5, attributes: "many" });

  constructor(
    grpc: Target,
    readonly http: Target,
  ) {
    const bytes = (content = "") => Buffer.from(content);
    const trust = credentials.createSsl(bytes(grpc.ca), bytes(grpc.key), bytes(grpc.cert));
    this.#client = new Client(`${grpc.host ?? LOOPBACK}:${grpc.port}`, trust, {
      "grpc.ssl_target_name_override": grpc.serverName,
    });
    const { ca, cert, key, serverName } = http;
    this.#agent = new Agent({ ca, cert, key, servername: serverName, keepAlive: true });
    this.#timer = setInterval(() => {
      this.#begin((body) => this.#byGrpc(body));
      this.#begin((body) => this.#byHttp(body));
    }, 1000 / RATE);
  }

  #begin(send: (body: Buffer) => Promise<void>): void {
    const id = this.#made.renew();
    const body = Buffer.from(this.#made.frame.subarray(5));
    const started = performance.now();
    const attempt = async (): Promise<void> => {
      try {
        await send(body);
        this.record.acknowledged.push(id);
        this.record.latencies.push(performance.now() - started);
      } catch (error) {
        const { message } = error as Error;
        if (!isRepeated(message) || performance.now() - started > PATIENCE) {
          this.record.failed.push(message);
          return;
        }
        this.record.repeated.push(message);
        await new Promise((resolve) => setTimeout(resolve, 500));
        await attempt();
      }
    };
    const done = attempt();
    this.#inFlight.add(done);
    void done.finally(() => this.#inFlight.delete(done));
  }

  #byGrpc(body: Buffer): Promise<void> {
    const same = (buffer: Buffer) => buffer;
    return new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + PATIENCE };
      this.#client.makeUnaryRequest(EXPORT, same, same, body, options, (error) =>
        error ? reject(new Error(`gRPC: ${error.message}`)) : resolve(),
      );
    });
  }

  #byHttp(body: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const sent = request({
        host: this.http.host ?? LOOPBACK,
        port: this.http.port,
        agent: this.#agent,
        method: "POST",
        path: "/v1/traces",
        headers: { "content-type": "application/x-protobuf", "content-length": body.length },
        timeout: PATIENCE,
      });
      sent.on("timeout", () => sent.destroy(new Error("no answer")));
      sent.on("response", (response) => {
        response.resume();
        const { statusCode } = response;
        response.on("end", () =>
          statusCode === 200 ? resolve() : reject(new Error(`HTTP: ${statusCode}`)),
        );
      });
      sent.on("error", (error) => reject(new Error(`HTTP: ${error.message}`)));
      sent.end(body);
    });
  }

  /** Ends it once the last answer is there. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#inFlight);
    this.#client.close();
    this.#agent.destroy();
  }
}

/** The value below which so large a part of the others lies. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
}
