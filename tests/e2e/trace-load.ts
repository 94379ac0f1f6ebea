/**
 * An application under load, which knows nothing but its environment variables. `send FILE` sends traces
 * until it is told to end, repeats what was not acknowledged, and writes the id of what was, a line
 * each. `find FILE` reads all of them back from Tempo. Either prints its figures as JSON.
 */
import { randomBytes } from "node:crypto";
import { appendFileSync, readFileSync } from "node:fs";
import { Agent, request, type RequestOptions } from "node:https";
import { setTimeout } from "node:timers/promises";

const env = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};

/** Statuses after which a sender of OTLP tries again. */
const AGAIN = [429, 502, 503, 504];

const agent = new Agent({ keepAlive: true, maxSockets: 8 });

/** Status of an answer with its body; 0 where there was none. */
function ask(url: URL, options: RequestOptions, body?: string): Promise<[number, string]> {
  return new Promise((resolve) => {
    const one = request(url, { agent, timeout: 10_000, ...options }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve([response.statusCode ?? 0, text]));
      response.on("error", () => resolve([0, ""]));
    });
    one.on("timeout", () => one.destroy());
    one.on("error", () => resolve([0, ""]));
    one.end(body);
  });
}

function traceOf(id: string): string {
  const now = `${Date.now()}000000`;
  const attributes = [{ key: "service.name", value: { stringValue: "shop" } }];
  const span = {
    traceId: id,
    spanId: randomBytes(8).toString("hex"),
    name: "checkout",
    kind: 2,
    startTimeUnixNano: now,
    endTimeUnixNano: now,
  };
  return JSON.stringify({
    resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans: [span] }] }],
  });
}

async function send(file: string): Promise<unknown> {
  const url = new URL("/v1/traces", env("LOAD_URL"));
  const tls = {
    ca: readFileSync(env("OTEL_EXPORTER_OTLP_CERTIFICATE")),
    cert: readFileSync(env("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE")),
    key: readFileSync(env("OTEL_EXPORTER_OTLP_CLIENT_KEY")),
  };
  const headers = { "content-type": "application/json" };
  const figures = { acknowledged: 0, repeated: 0, refused: 0, longest: 0 };
  let isOver = false;
  process.once("SIGTERM", () => (isOver = true));
  const worker = async () => {
    while (!isOver) {
      const id = randomBytes(16).toString("hex");
      const body = traceOf(id);
      const first = Date.now();
      for (;;) {
        const [status] = await ask(url, { method: "POST", headers, ...tls }, body);
        if (status === 200) {
          appendFileSync(file, `${id}\n`);
          figures.acknowledged++;
          figures.longest = Math.max(figures.longest, (Date.now() - first) / 1000);
          break;
        }
        if (status !== 0 && !AGAIN.includes(status)) {
          figures.refused++;
          break;
        }
        figures.repeated++;
        await setTimeout(300);
      }
      await setTimeout(100);
    }
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  return figures;
}

async function find(file: string): Promise<unknown> {
  const tls = {
    ca: readFileSync(env("READER_CA_FILE")),
    cert: readFileSync(env("READER_CERTIFICATE_FILE")),
    key: readFileSync(env("READER_KEY_FILE")),
  };
  const sent = readFileSync(file, "utf8").trim().split("\n");
  let missing = sent;
  const end = Date.now() + 90_000;
  while (missing.length > 0 && Date.now() < end) {
    const waiting = [...missing];
    const still: string[] = [];
    const worker = async () => {
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
        const [status, body] = await ask(new URL(`/api/v2/traces/${id}`, env("TEMPO_URL")), tls);
        if (status !== 200 || !body.includes("checkout")) still.push(id);
      }
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    missing = still;
    if (missing.length > 0) await setTimeout(1000);
  }
  return { found: sent.length - missing.length, lost: missing };
}

async function main([what, file]: string[]): Promise<void> {
  const figures = await { send, find }[what as "send" | "find"](file);
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  agent.destroy();
}

void main(process.argv.slice(2));
