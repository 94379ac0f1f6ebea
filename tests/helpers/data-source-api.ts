import type { ProcessStack } from "./process-stack";
import { get } from "./requests";

/** What data sources ask their servers, over the stack's own TLS, in one shape. */

export interface Series {
  labels: Record<string, string>;
  /** Seconds since 1970, and the number then. */
  values: [time: number, value: number][];
}

export interface Line {
  labels: Record<string, string>;
  /** Milliseconds since 1970. */
  time: number;
  text: string;
}

export interface FoundTrace {
  traceId: string;
  rootService: string;
  rootName: string;
}

export interface Exemplar {
  seriesLabels: Record<string, string>;
  labels: Record<string, string>;
  value: number;
}

/** What a query was answered with. */
export interface Answer {
  series: Series[];
  lines: Line[];
  traces: FoundTrace[];
}

const NOTHING: Answer = { series: [], lines: [], traces: [] };

/** A time range, in seconds since 1970, and the seconds between two of its points. */
export interface Range {
  start: number;
  end: number;
  step: number;
}

const DEADLINE = 30_000;

/** The JSON that a server answers a path with. @throws with what it says if that is an error. */
export async function ask<T>(
  stack: ProcessStack,
  service: "prometheus" | "loki" | "tempo",
  path: string,
  parameters: Record<string, string | number> = {},
): Promise<T> {
  const query = new URLSearchParams(
    Object.entries(parameters).map(([key, value]): [string, string] => [key, String(value)]),
  );
  const { status, body } = await get(stack, service, `${path}?${query.toString()}`, {
    timeoutMs: DEADLINE,
  });
  if (status !== 200) {
    throw new Error(`${service} answered ${status} to ${query.toString()}: ${body.slice(0, 500)}`);
  }
  return JSON.parse(body) as T;
}

interface VectorData {
  data: {
    resultType: string;
    result:
      | [number, string]
      | {
          metric?: Record<string, string>;
          stream?: Record<string, string>;
          value?: [number, string];
          values?: [number | string, string][];
        }[];
  };
}

function answerOf({ data: { resultType, result } }: VectorData): Answer {
  if (resultType === "scalar") {
    const [time, value] = result as [number, string];
    return { ...NOTHING, series: [{ labels: {}, values: [[time, Number(value)]] }] };
  }
  if (!Array.isArray(result)) throw new Error(`unknown result type ${resultType}`);
  const entries = result as Exclude<typeof result, [number, string]>;
  if (resultType === "streams") {
    const lines = entries.flatMap(({ stream = {}, values = [] }) =>
      values.map(([time, text]) => ({ labels: stream, time: Number(time) / 1e6, text })),
    );
    return { ...NOTHING, lines };
  }
  const series = entries.map(({ metric = {}, value, values = value ? [value] : [] }) => ({
    labels: metric,
    values: values.map(([time, text]): [number, number] => [Number(time), Number(text)]),
  }));
  return { ...NOTHING, series };
}

/** PromQL over a range. */
export const promRange = async (stack: ProcessStack, query: string, range: Range) =>
  answerOf(await ask(stack, "prometheus", "/api/v1/query_range", { query, ...range }));

/** PromQL at one time, in seconds since 1970. */
export const promInstant = async (stack: ProcessStack, query: string, time: number) =>
  answerOf(await ask(stack, "prometheus", "/api/v1/query", { query, time }));

/** Exemplars of the series that a query selects. */
export async function promExemplars(
  stack: ProcessStack,
  query: string,
  { start, end }: Range,
): Promise<Exemplar[]> {
  const { data } = await ask<{
    data: {
      seriesLabels: Record<string, string>;
      exemplars: { labels: Record<string, string>; value: string }[];
    }[];
  }>(stack, "prometheus", "/api/v1/query_exemplars", { query, start, end });
  return data.flatMap(({ seriesLabels, exemplars }) =>
    exemplars.map(({ labels, value }) => ({ seriesLabels, labels, value: Number(value) })),
  );
}

/** LogQL over a range; lines, newest first, or numbers. */
export const lokiRange = async (
  stack: ProcessStack,
  query: string,
  { start, end, step }: Range,
  limit = 1000,
) =>
  answerOf(
    await ask(stack, "loki", "/loki/api/v1/query_range", {
      query,
      start: `${Math.floor(start)}000000000`,
      end: `${Math.ceil(end)}000000000`,
      step: `${step}s`,
      limit,
      direction: "backward",
    }),
  );

/** LogQL at one time, in seconds since 1970. */
export const lokiInstant = async (stack: ProcessStack, query: string, time: number) =>
  answerOf(
    await ask(stack, "loki", "/loki/api/v1/query", {
      query,
      time: `${Math.ceil(time)}000000000`,
    }),
  );

/** The traces that a TraceQL query finds. */
export async function tempoSearch(
  stack: ProcessStack,
  query: string,
  { start, end }: Range,
  limit = 20,
): Promise<Answer> {
  const { traces = [] } = await ask<{
    traces?: { traceID: string; rootServiceName?: string; rootTraceName?: string }[];
  }>(stack, "tempo", "/api/search", {
    q: query,
    start: Math.floor(start),
    end: Math.ceil(end),
    limit,
    spss: 3,
  });
  return {
    ...NOTHING,
    traces: traces.map(({ traceID, rootServiceName = "", rootTraceName = "" }) => ({
      // Tempo leaves out leading zeros.
      traceId: traceID.padStart(32, "0"),
      rootService: rootServiceName,
      rootName: rootTraceName,
    })),
  };
}

/** A TraceQL metrics query over a range. */
export async function tempoMetrics(
  stack: ProcessStack,
  query: string,
  { start, end, step }: Range,
): Promise<Answer> {
  const { series = [] } = await ask<{
    series?: {
      labels?: { key: string; value: Record<string, unknown> }[];
      samples?: { timestampMs: string; value?: number }[];
    }[];
  }>(stack, "tempo", "/api/metrics/query_range", {
    q: query,
    start: Math.floor(start),
    end: Math.ceil(end),
    step: `${step}s`,
  });
  return {
    ...NOTHING,
    series: series.map(({ labels = [], samples = [] }) => ({
      labels: Object.fromEntries(
        labels.map(({ key, value }) => [key, String(Object.values(value)[0])]),
      ),
      // What is 0 is left out.
      values: samples.map(({ timestampMs, value }) => [Number(timestampMs) / 1000, value ?? 0]),
    })),
  };
}
