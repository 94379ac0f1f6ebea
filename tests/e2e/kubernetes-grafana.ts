import { createServer, type Server } from "node:https";
import { createSecureContext } from "node:tls";
import type { Cluster } from "../helpers/cluster";

/** What stands for Grafana's process: it takes the call that makes it read its certificates anew. */
export class FakeGrafana {
  /** The credentials of each call that it took, `user:password`. */
  readonly calls: string[] = [];
  #server?: Server;

  /** Listens on a port with the certificate that the stack gives Grafana, once it is there. */
  async start(cluster: Cluster, namespace: string, port: number): Promise<void> {
    const secret = `/api/v1/namespaces/${namespace}/secrets/grafana-identity`;
    const context = async () => {
      const { data } = await cluster.get<{ data: Record<string, string> }>(secret);
      const [cert, key] = ["tls.crt", "tls.key"].map((file) => Buffer.from(data[file], "base64"));
      return createSecureContext({ cert, key });
    };
    this.#server = createServer(
      {
        SNICallback: (_, done) => {
          context().then(
            (found) => done(null, found),
            (error: Error) => done(error),
          );
        },
      },
      (request, response) => {
        const [, credentials = ""] = (request.headers.authorization ?? "").split(" ");
        const isReload = request.url === "/api/admin/provisioning/datasources/reload";
        if (isReload) this.calls.push(Buffer.from(credentials, "base64").toString("utf8"));
        response.writeHead(isReload ? 200 : 404).end();
      },
    );
    await new Promise<void>((done) => this.#server?.listen(port, "127.0.0.1", done));
  }

  stop(): void {
    this.#server?.close();
  }
}
