import { readFileSync } from "node:fs";
import { createServer, request, type Server } from "node:https";
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { LocalRegistry } from "./registry";

export interface ProxyAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Makes another answer of a registry's, for a path. */
export type Change = (path: string, answer: ProxyAnswer) => Partial<ProxyAnswer> | undefined;

/** Stands before a registry, with its certificate, and answers as it pleases. */
export class RegistryProxy {
  /** What was asked, in order: `GET /v2/…`. */
  readonly asked: string[] = [];
  /** What is changed in answers; nothing at first. */
  change: Change = () => undefined;

  private constructor(private readonly server: Server) {}

  /** `host:port`. */
  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Starts one. `stop` must follow. */
  static async start({ pki, host, ca }: LocalRegistry): Promise<RegistryProxy> {
    const read = (file: string) => readFileSync(join(pki.identity("registry"), file));
    const server = createServer({ cert: read("tls.crt"), key: read("tls.key") });
    const proxy = new RegistryProxy(server);
    server.on("request", (incoming, outgoing) => {
      const { method, url = "/", headers } = incoming;
      proxy.asked.push(`${method} ${url}`);
      const [hostname, port] = host.split(":");
      const forward = request(
        { hostname, port, method, path: url, headers: { ...headers, host }, ca },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("end", () => {
            const answer = {
              status: response.statusCode ?? 500,
              headers: response.headers,
              body: Buffer.concat(chunks),
            };
            const changed = { ...answer, ...proxy.change(url, answer) };
            const headers = { ...changed.headers, "content-length": String(changed.body.length) };
            const said = Object.entries(headers).filter(([, value]) => value !== undefined);
            outgoing.writeHead(changed.status, Object.fromEntries(said) as OutgoingHttpHeaders);
            outgoing.end(changed.body);
          });
        },
      );
      forward.on("error", () => outgoing.destroy());
      forward.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.server.closeAllConnections();
      this.server.close(() => resolve());
    });
  }
}
