import { randomBytes } from "node:crypto";
import type { ProcessStack } from "../helpers/process-stack";
import { get } from "../helpers/requests";
import type { Source } from "./stream";
import { httpTransport } from "./transport";

/** Log lines, or samples, in a request. */
const PER_REQUEST = 50;

/** Most lines that Loki answers with at once. */
const PAGE = 5000;

/** Times of their own for everything that one source sends, in nanoseconds: pages never overlap. */
function clockOf(step: bigint, ahead: number) {
  let last = 0n;
  return () => {
    const now = BigInt(Date.now() + ahead * 1000) * 1_000_000n;
    last = now > last ? now : last + step;
    return last;
  };
}

const serviceName = (name: string) => ({
  attributes: [{ key: "service.name", value: { stringValue: name } }],
});

/**
 * Log lines over HTTP, read back from Loki by the id that is the line.
 *
 * @param ahead seconds that the sender's clock is ahead
 */
export function logLines(stack: ProcessStack, ahead = 0): Source {
  const run = `run-${randomBytes(4).toString("hex")}`;
  const transport = httpTransport(stack, "logs");
  const clock = clockOf(1n, ahead);
  const begin = BigInt(Date.now() + Math.min(0, ahead) * 1000) * 1_000_000n;
  const page = async (start: bigint): Promise<{ time: bigint; line: string }[]> => {
    const parameters = new URLSearchParams({
      query: `{service_name="${run}"}`,
      start: String(start),
      end: String(BigInt(Date.now() + 60_000 + Math.max(0, ahead) * 1000) * 1_000_000n),
      direction: "forward",
      limit: String(PAGE),
    });
    const { status, body } = await get(
      stack,
      "loki",
      `/loki/api/v1/query_range?${parameters.toString()}`,
    );
    if (status !== 200) throw new Error(`Loki answered ${status}: ${body}`);
    const { data } = JSON.parse(body) as { data: { result: { values: [string, string][] }[] } };
    return data.result
      .flatMap(({ values }) => values)
      .map(([time, line]) => ({ time: BigInt(time), line }))
      .sort((one, other) => (one.time < other.time ? -1 : 1));
  };
  return {
    what: "log lines",
    next() {
      const ids = Array.from({ length: PER_REQUEST }, () => randomBytes(12).toString("hex"));
      const logRecords = ids.map((id) => ({
        timeUnixNano: String(clock()),
        severityNumber: 9,
        body: { stringValue: id },
      }));
      const resourceLogs = [{ resource: serviceName(run), scopeLogs: [{ logRecords }] }];
      const body = Buffer.from(JSON.stringify({ resourceLogs }));
      return { ids, send: () => transport.send(body) };
    },
    async find(ids) {
      const has = new Set<string>();
      for (let start = begin; ;) {
        const found = await page(start).catch(() => []);
        for (const { line } of found) has.add(line);
        if (found.length < PAGE) break;
        start = found[found.length - 1].time + 1n;
      }
      return new Set(ids.filter((id) => has.has(id)));
    },
    close: () => transport.close(),
  };
}

/** What another application sends meanwhile: a delta, and a sample of two days ago. */
function strangeMetrics(now: bigint) {
  const point = { startTimeUnixNano: String(now - 1_000_000n), timeUnixNano: String(now) };
  const delta = { aggregationTemporality: 1, isMonotonic: true };
  const old = String(now - 2n * 86_400_000_000_000n);
  return [
    { name: "strange_delta", sum: { ...delta, dataPoints: [{ ...point, asInt: "1" }] } },
    { name: "strange_old", gauge: { dataPoints: [{ timeUnixNano: old, asInt: "1" }] } },
  ];
}

export interface SampleOptions {
  /** Seconds that the sender's clock is ahead. */
  clock?: number;
  /** Whether each request carries what Prometheus does not take, too. */
  besideStrange?: boolean;
}

/** Samples of metric series over HTTP, read back from Prometheus by series and value. */
export function samples(
  stack: ProcessStack,
  { clock: ahead = 0, besideStrange = false }: SampleOptions = {},
): Source {
  const run = `run_${randomBytes(4).toString("hex")}`;
  const transport = httpTransport(stack, "metrics");
  // Prometheus keeps milliseconds.
  const clock = clockOf(1_000_000n, ahead);
  let count = 0;
  return {
    what: "samples",
    next() {
      const value = ++count;
      const now = clock();
      const timeUnixNano = String(now);
      const series = Array.from({ length: PER_REQUEST }, (_, index) => String(index));
      const dataPoints = series.map((name) => ({
        timeUnixNano,
        asInt: String(value),
        attributes: [{ key: "series", value: { stringValue: name } }],
      }));
      const metrics = [{ name: run, gauge: { dataPoints } }];
      const of = (name: string, all: object[]) => ({
        resource: serviceName(name),
        scopeMetrics: [{ metrics: all }],
      });
      const resourceMetrics = [
        of(run, metrics),
        ...(besideStrange ? [of("strange", strangeMetrics(now))] : []),
      ];
      const body = Buffer.from(JSON.stringify({ resourceMetrics }));
      return {
        ids: series.map((name) => `${name}=${value}`),
        send: () => transport.send(body),
      };
    },
    async find(ids) {
      const query = new URLSearchParams({
        query: `${run}[3h]`,
        // What came with a time in the future was given the present.
        time: String(Date.now() / 1000 + 60),
      });
      const path = `/api/v1/query?${query.toString()}`;
      const answer = await get(stack, "prometheus", path).catch(() => undefined);
      if (answer?.status !== 200) return new Set();
      const { data } = JSON.parse(answer.body) as {
        data: { result: { metric: { series: string }; values: [number, string][] }[] };
      };
      const has = new Set(
        data.result.flatMap(({ metric, values }) =>
          values.map(([, value]) => `${metric.series}=${value}`),
        ),
      );
      return new Set(ids.filter((id) => has.has(id)));
    },
    close: () => transport.close(),
  };
}
