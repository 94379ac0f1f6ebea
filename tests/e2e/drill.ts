import { randomBytes } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { call, type HttpResponse } from "../../components/verification/client";
import type { DialledService } from "../../config/services";
import { environmentOf } from "./application";
import { expectCode } from "./command";
import type { TestStack } from "./stack";

type Ports = Readonly<Record<string, Record<string, number>>>;

/** Who sends and asks with the operator's certificate, which is kept apart from the stack. */
export class Operator {
  readonly directory = mkdtempSync(join(tmpdir(), "tracekeep-operator-"));

  private constructor(
    private readonly ports: Ports,
    private readonly qdrantKey: string,
  ) {}

  static async of(stack: TestStack, ports: Ports, app: string): Promise<Operator> {
    const { QDRANT_API_KEY_FILE: keyFile } = await environmentOf(stack, app);
    expectCode(await stack.run("env", ["--operator"]), 0);
    const operator = new Operator(ports, keyFile ? readFileSync(keyFile, "utf8").trim() : "");
    cpSync(join(stack.home, stack.name, "operator"), operator.directory, { recursive: true });
    return operator;
  }

  async ask(service: DialledService, path: string, body?: unknown, method?: string) {
    const file = (name: string) => readFileSync(join(this.directory, name), "utf8");
    const listener = service === "collector" ? "otlpHttp" : Object.keys(this.ports[service])[0];
    return call(
      {
        host: "127.0.0.1",
        port: this.ports[service][listener],
        serverName: service,
        root: file("ca.crt"),
      },
      {
        path,
        method,
        identity: { certificate: file("operator.crt"), key: file("operator.key") },
        headers: {
          ...(body !== undefined && { "content-type": "application/json" }),
          ...(service === "qdrant" && { "api-key": this.qdrantKey }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      },
    );
  }

  /** @throws unless it answers well. @returns what it answers. */
  async must<T>(...of: Parameters<Operator["ask"]>): Promise<T> {
    const { status, body }: HttpResponse = await this.ask(...of);
    if (status !== 200) throw new Error(`${of[0]} answered ${status} to ${of[1]}: ${body}`);
    return JSON.parse(body) as T;
  }

  forget(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A trace, a log line and a sample that were sent at once, under one id. */
export interface Sent {
  id: string;
  /** Milliseconds since 1970 of its sample. */
  at: number;
  /** Milliseconds since 1970 at which the collector had said yes to all of it. */
  acknowledged: number;
}

const PAUSE = 150;

/** Sends small traces with a log line and a sample each, one after the other, until it is ended. */
export class Sending {
  readonly sent: Sent[] = [];
  refused = 0;
  #goesOn = true;
  readonly #ended: Promise<void>;

  constructor(private readonly operator: Operator) {
    this.#ended = this.#run();
  }

  async end(): Promise<void> {
    this.#goesOn = false;
    await this.#ended;
  }

  async #run(): Promise<void> {
    while (this.#goesOn) {
      try {
        await this.#send(randomBytes(16).toString("hex"));
      } catch {
        this.refused++;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  async #send(id: string): Promise<void> {
    const at = Date.now();
    const time = `${at}000000`;
    const resource = { attributes: [{ key: "service.name", value: { stringValue: "drill" } }] };
    const span = {
      traceId: id,
      spanId: randomBytes(8).toString("hex"),
      name: "drill",
      kind: 1,
      startTimeUnixNano: time,
      endTimeUnixNano: time,
    };
    const record = { timeUnixNano: time, body: { stringValue: `drill ${id}` } };
    const sample = {
      name: "drill_sent",
      gauge: { dataPoints: [{ timeUnixNano: time, asInt: String(this.sent.length + 1) }] },
    };
    const bodies = {
      traces: { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] },
      logs: { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [record] }] }] },
      metrics: { resourceMetrics: [{ resource, scopeMetrics: [{ metrics: [sample] }] }] },
    };
    for (const [signal, body] of Object.entries(bodies)) {
      await this.operator.must("collector", `/v1/${signal}`, body);
    }
    this.sent.push({ id, at, acknowledged: Date.now() });
  }
}

/** Those of what was sent whose trace Tempo does not have. */
export async function lackingTraces(operator: Operator, sent: readonly Sent[]): Promise<Sent[]> {
  const lacking: Sent[] = [];
  for (const one of sent) {
    const { status, body } = await operator.ask("tempo", `/api/v2/traces/${one.id}`);
    if (status !== 200 || !body.includes("drill")) lacking.push(one);
  }
  return lacking;
}

/** Those of what was sent whose line Loki does not have. */
export async function lackingLines(operator: Operator, sent: readonly Sent[]): Promise<Sent[]> {
  const lines = new Set<string>();
  // A minute at a time, for an answer has a limit.
  const first = Math.floor(sent[0].acknowledged / 60_000) - 1;
  const last = Math.ceil(sent[sent.length - 1].acknowledged / 60_000);
  for (let minute = first; minute <= last; minute++) {
    const query = new URLSearchParams({
      query: '{service_name="drill"}',
      start: `${minute * 60_000}000000`,
      end: `${(minute + 1) * 60_000}000000`,
      limit: "1000",
    });
    const { data } = await operator.must<{
      data: { result: { values: [string, string][] }[] };
    }>("loki", `/loki/api/v1/query_range?${query.toString()}`);
    for (const { values } of data.result) for (const [, line] of values) lines.add(line);
  }
  return sent.filter(({ id }) => !lines.has(`drill ${id}`));
}

/** How many samples of the drill's series Prometheus has between two moments. */
export async function samples(operator: Operator, from: number, to: number): Promise<string> {
  const seconds = Math.ceil((to - from) / 1000) + 60;
  const query = `count_over_time(drill_sent[${seconds}s])`;
  const at = new URLSearchParams({ query, time: String(to / 1000) });
  const { data } = await operator.must<{ data: { result: { value: [number, string] }[] } }>(
    "prometheus",
    `/api/v1/query?${at.toString()}`,
  );
  return JSON.stringify(data.result.map(({ value }) => value[1]));
}

/** Finds a secret among the arguments of every process of this machine while something is done. */
export async function whoShows<T>(secret: string, work: () => Promise<T>) {
  const shown = new Set<string>();
  const look = () => {
    for (const id of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        const line = readFileSync(`/proc/${id}/cmdline`, "utf8");
        if (line.includes(secret)) shown.add(line);
      } catch {
        // It has ended.
      }
    }
  };
  const looking = setInterval(look, 100);
  try {
    return { result: await work(), shown: [...shown] };
  } finally {
    clearInterval(looking);
  }
}

/** Names of files under a directory that have a secret in them. */
export function filesWith(secret: string, directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((file) => readFileSync(file).includes(secret));
}
