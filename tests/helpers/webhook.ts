import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { issuePki } from "./pki";
import { freePort } from "./ports";
import { clientIdentity } from "./refusals";

/** An alert as Alertmanager's webhooks carry it. */
export interface DeliveredAlert {
  status: "firing" | "resolved";
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

/** One request that a webhook got. */
export interface Delivery {
  /** Milliseconds since 1970. */
  at: number;
  path: string;
  /** Status that it was answered with; 0: the connection was cut. */
  answer: number;
  receiver: string;
  alerts: DeliveredAlert[];
}

/** A real HTTPS server of somebody outside the stack, under a private CA of its own. */
export class WebhookServer {
  /** Every request so far, in order. */
  readonly deliveries: Delivery[] = [];
  readonly #answers = new Map<string, number[]>();

  private constructor(
    private readonly server: Server,
    private readonly directory: string,
    private readonly port: number,
    /** PEM certificate of its CA. */
    readonly ca: string,
  ) {}

  static async start(): Promise<WebhookServer> {
    const directory = await mkdtemp(join(tmpdir(), "tracekeep-webhook-"));
    const pki = await issuePki(directory, [
      {
        name: "webhook",
        issuer: "services",
        dnsNames: ["localhost"],
        ipAddresses: [],
        uses: ["digital_signature", "server_auth"],
      },
    ]);
    const port = await freePort();
    const { cert, key } = clientIdentity(pki, "webhook");
    const server = createServer({ cert, key });
    const ca = readFileSync(join(pki.trust, "root.crt"), "utf8");
    const webhook = new WebhookServer(server, directory, port, ca);
    server.on("request", (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const path = request.url ?? "";
        const answer = webhook.#answers.get(path)?.shift() ?? 200;
        const body = JSON.parse(Buffer.concat(chunks).toString()) as Delivery;
        const { receiver, alerts } = body;
        webhook.deliveries.push({ at: Date.now(), path, answer, receiver, alerts });
        if (answer === 0) request.socket.destroy();
        else response.writeHead(answer).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return webhook;
  }

  url(path: string): string {
    return `https://localhost:${this.port}${path}`;
  }

  /** The next requests for a path get these statuses, or at 0 a cut connection; all others 200. */
  answerNext(path: string, ...statuses: number[]): void {
    this.#answers.set(path, statuses);
  }

  /** What was delivered to a path: requests that were answered with 200. */
  taken(path: string): Delivery[] {
    return this.deliveries.filter((one) => one.path === path && one.answer === 200);
  }

  /** Alerts of what was delivered to a path, by name. */
  alerts(path: string, name: string): DeliveredAlert[] {
    return this.taken(path)
      .flatMap(({ alerts }) => alerts)
      .filter(({ labels }) => labels.alertname === name);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}
