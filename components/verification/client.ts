import { request as httpsRequest, type RequestOptions } from "node:https";

/** A client certificate with its key, PEM. */
export interface Identity {
  certificate: string;
  key: string;
}

/** One listener of the stack, as the verification dials it. */
export interface Address {
  host: string;
  port: number;
  /** Name that the server's certificate must carry. */
  serverName: string;
  /** Root certificate(s) that it is verified against, PEM. */
  root: string;
}

export interface HttpResponse {
  status: number;
  body: string;
}

export interface HttpCall {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** Client certificate; none: a client without one. */
  identity?: Identity;
  /** Milliseconds until it is given up. Default: 10 s. */
  timeoutMs?: number;
}

/** A call that got no HTTP answer at all; `code` as Node names it. */
export class ConnectionError extends Error {
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
    this.name = "ConnectionError";
  }
}

function connectionError(error: NodeJS.ErrnoException): ConnectionError {
  return new ConnectionError(error.message || String(error.code), error.code ?? "UNKNOWN");
}

/**
 * One HTTPS request; the server is verified against the root under its own name.
 *
 * @throws {ConnectionError} without an answer. Whatever status an answer has, it is returned.
 */
export function call(
  address: Address,
  { method, path, headers, body, identity, timeoutMs = 10_000 }: HttpCall,
): Promise<HttpResponse> {
  const options: RequestOptions = {
    host: address.host,
    port: address.port,
    servername: address.serverName,
    ca: address.root,
    cert: identity?.certificate,
    key: identity?.key,
    method: method ?? (body === undefined ? "GET" : "POST"),
    path,
    headers: {
      ...(body !== undefined && { "content-length": String(Buffer.byteLength(body)) }),
      ...headers,
    },
    // A fresh connection each time: what is checked is the handshake too.
    agent: false,
  };
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => reject(connectionError(error));
    const request = httpsRequest(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", fail);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({ status: response.statusCode ?? 0, body: text });
      });
    });
    request.setTimeout(timeoutMs, () => {
      request.destroy(
        Object.assign(new Error(`no answer within ${timeoutMs / 1000} s`), { code: "ETIMEDOUT" }),
      );
    });
    request.on("error", fail);
    request.end(body);
  });
}

/** `host` and `port` of `"host:port"`; every address (0.0.0.0) is dialled as loopback. */
export function splitHostPort(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(":");
  const host = text.slice(0, colon);
  return { host: host === "0.0.0.0" ? "127.0.0.1" : host, port: Number(text.slice(colon + 1)) };
}
