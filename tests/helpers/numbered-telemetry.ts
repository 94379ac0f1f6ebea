import { randomBytes } from "node:crypto";
import { VERIFICATION } from "../../components/pki/certificate-spec";
import { call } from "../../components/verification/client";
import { spanIdsIn } from "../../components/verification/hops/traces";
import type { ProcessStack } from "./process-stack";
import { addressIn, get, identityIn } from "./requests";

/** Telemetry that nothing compresses, each piece with an id by which it is read back. */

export type Signal = "traces" | "logs" | "metrics";

const SERVICE = "numbered";
const METRIC = "numbered_value";
/** Digits alone would be taken for the number of a card, and redacted. */
const WORD = () => `id${hex(8)}`;
const ID: Record<Signal, () => string> = { traces: () => hex(8), logs: WORD, metrics: WORD };
/** Bytes of noise in each piece, in hexadecimal. */
const NOISE = 500;

const now = () => String(BigInt(Date.now()) * 1_000_000n);
const hex = (bytes: number) => randomBytes(bytes).toString("hex");
const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } });
const resource = { attributes: [attribute("service.name", SERVICE)] };

/** What a request carries: the ids of its pieces, and where they are looked up. */
export interface Numbered {
  signal: Signal;
  /** Of a trace; the ids of a request are then those of its spans. */
  traceId: string;
  ids: string[];
}

const BODIES: Record<Signal, (numbered: Numbered) => unknown> = {
  traces: ({ traceId, ids }) => ({
    resourceSpans: [
      {
        resource,
        scopeSpans: [
          {
            spans: ids.map((spanId) => ({
              traceId,
              spanId,
              name: "numbered",
              kind: 2,
              startTimeUnixNano: now(),
              endTimeUnixNano: now(),
              attributes: [attribute("noise", hex(NOISE))],
            })),
          },
        ],
      },
    ],
  }),
  logs: ({ ids }) => ({
    resourceLogs: [
      {
        resource,
        scopeLogs: [
          {
            logRecords: ids.map((id) => ({
              timeUnixNano: now(),
              body: { stringValue: `${id} ${hex(NOISE)}` },
            })),
          },
        ],
      },
    ],
  }),
  metrics: ({ ids }) => ({
    resourceMetrics: [
      {
        resource,
        scopeMetrics: [
          {
            metrics: [
              {
                name: METRIC,
                gauge: {
                  dataPoints: ids.map((id) => ({
                    timeUnixNano: now(),
                    asDouble: 1,
                    attributes: [attribute("id", id), attribute("noise", hex(NOISE))],
                  })),
                },
              },
            ],
          },
        ],
      },
    ],
  }),
};

/**
 * Sends pieces to the collector as an application.
 *
 * @returns what was acknowledged; undefined if it was not.
 */
export async function sendNumbered(
  stack: ProcessStack,
  signal: Signal,
  pieces: number,
): Promise<Numbered | undefined> {
  const ids = Array.from({ length: pieces }, () => ID[signal]());
  const numbered: Numbered = { signal, traceId: hex(16), ids };
  const { status } = await call(addressIn(stack, "collector", "otlpHttp"), {
    path: `/v1/${signal}`,
    identity: identityIn(stack, VERIFICATION),
    headers: { "content-type": "application/json" },
    body: JSON.stringify(BODIES[signal](numbered)),
    timeoutMs: 5000,
  }).catch(() => ({ status: 0 }));
  return status === 200 ? numbered : undefined;
}

async function spansOf(stack: ProcessStack, sent: readonly Numbered[]): Promise<Set<string>> {
  const found = new Set<string>();
  for (const { traceId } of sent) {
    const { status, body } = await get(stack, "tempo", `/api/v2/traces/${traceId}`, {
      headers: { accept: "application/json" },
    });
    if (status === 200) for (const id of spanIdsIn(JSON.parse(body))) found.add(id);
  }
  return found;
}

async function linesOf(stack: ProcessStack): Promise<Set<string>> {
  const found = new Set<string>();
  const query = `{service_name="${SERVICE}"} | line_format "{{ substr 0 18 __line__ }}"`;
  let end = now();
  for (;;) {
    const parameters = new URLSearchParams({ query, limit: "5000", start: "0", end });
    parameters.set("start", String(BigInt(now()) - 3_600_000_000_000n));
    const { body } = await get(stack, "loki", `/loki/api/v1/query_range?${parameters.toString()}`);
    const { data } = JSON.parse(body) as { data: { result: { values: [string, string][] }[] } };
    const values = data.result.flatMap((stream) => stream.values);
    const before = found.size;
    for (const [, line] of values) found.add(line);
    if (found.size === before) return found;
    // Inclusive, for lines share times: what comes twice is known already.
    end = String(BigInt(values.map(([time]) => time).sort()[0]) + 1n);
  }
}

async function seriesOf(stack: ProcessStack): Promise<Set<string>> {
  const query = `count by (id) (last_over_time(${METRIC}[1h]))`;
  const parameters = new URLSearchParams({ query });
  const { body } = await get(stack, "prometheus", `/api/v1/query?${parameters.toString()}`);
  const { data } = JSON.parse(body) as { data: { result: { metric: { id: string } }[] } };
  return new Set(data.result.map(({ metric }) => metric.id));
}

/** How many of the pieces that were acknowledged their store does not give back. */
export async function lostOf(
  stack: ProcessStack,
  acknowledged: readonly Numbered[],
): Promise<Record<Signal, number>> {
  const of = (signal: Signal) => acknowledged.filter((one) => one.signal === signal);
  const found: Record<Signal, Set<string>> = {
    traces: await spansOf(stack, of("traces")),
    logs: await linesOf(stack),
    metrics: await seriesOf(stack),
  };
  const lost = (signal: Signal) =>
    of(signal).flatMap(({ ids }) => ids.filter((id) => !found[signal].has(id))).length;
  return { traces: lost("traces"), logs: lost("logs"), metrics: lost("metrics") };
}
