import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseConfig } from "../../config/parse";
import type { ServiceName } from "../../config/services";
import { ask } from "../helpers/data-source-api";
import { sendJson } from "../helpers/intake";
import { Planter, TAKEN_FOR_SECRETS } from "../helpers/planted";
import { lookAlikes } from "../helpers/look-alikes";
import { plantedMetrics } from "../helpers/planted-metrics";
import { CANARY, plantedLogs, plantedTraces } from "../helpers/planted-telemetry";
import { eventually } from "../helpers/ports";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { get, linesInLoki, spansInTempo } from "../helpers/requests";
import { describeWith } from "../helpers/skip";

const SERVICES = ["tempo", "jaeger", "loki", "prometheus", "collector"] as const;
const config = parseConfig(
  { sampling: { dropHealthChecks: false } },
  { stack: "dev", environment: {} },
);

/** Every answer of a store that may hold something of what was sent. */
type Answers = Record<string, string>;

async function bodyOf(stack: ProcessStack, service: ServiceName, path: string): Promise<string> {
  const { status, body } = await get(stack, service, path);
  if (status !== 200) throw new Error(`${service} answered ${status} to ${path}: ${body}`);
  return body;
}

const range = () => ({
  start: Math.floor(Date.now() / 1000) - 3600,
  end: Math.ceil(Date.now() / 1000) + 60,
});

async function answersOfTempo(stack: ProcessStack, traceId: string): Promise<Answers> {
  const answers: Answers = { trace: await bodyOf(stack, "tempo", `/api/v2/traces/${traceId}`) };
  const { scopes } = await ask<{ scopes: { name: string; tags: string[] }[] }>(
    stack,
    "tempo",
    "/api/v2/search/tags",
    range(),
  );
  answers.tags = JSON.stringify(scopes);
  for (const { name, tags } of scopes) {
    for (const tag of tags) {
      const full = name === "intrinsic" ? tag : `${name}.${tag}`;
      const path = `/api/v2/search/tag/${encodeURIComponent(full)}/values`;
      answers[`values of ${full}`] = JSON.stringify(await ask(stack, "tempo", path, range()));
    }
  }
  return answers;
}

async function answersOfJaeger(stack: ProcessStack, traceId: string): Promise<Answers> {
  const answers: Answers = { trace: await bodyOf(stack, "jaeger", `/api/traces/${traceId}`) };
  answers.services = await bodyOf(stack, "jaeger", "/api/services");
  const { data } = JSON.parse(answers.services) as { data: string[] };
  for (const service of data) {
    const path = `/api/services/${encodeURIComponent(service)}/operations`;
    answers[`operations of ${service}`] = await bodyOf(stack, "jaeger", path);
  }
  return answers;
}

async function answersOfLoki(stack: ProcessStack): Promise<Answers> {
  const times = { start: `${range().start}000000000`, end: `${range().end}000000000` };
  const query = '{service_name=~".+"}';
  const lines = { query, limit: 5000, ...times };
  const answers: Answers = {
    lines: JSON.stringify(await ask(stack, "loki", "/loki/api/v1/query_range", lines)),
    labels: JSON.stringify(await ask(stack, "loki", "/loki/api/v1/labels", times)),
    fields: JSON.stringify(
      await ask(stack, "loki", "/loki/api/v1/detected_fields", { query, ...times }),
    ),
  };
  const { data } = JSON.parse(answers.labels) as { data: string[] };
  for (const label of data) {
    const path = `/loki/api/v1/label/${label}/values`;
    answers[`values of ${label}`] = JSON.stringify(await ask(stack, "loki", path, times));
  }
  return answers;
}

async function answersOfPrometheus(stack: ProcessStack): Promise<Answers> {
  const all = '{__name__=~".+"}';
  const api = async (path: string, parameters: Record<string, string | number> = {}) =>
    JSON.stringify(
      await ask(stack, "prometheus", `/api/v1/${path}`, { ...range(), ...parameters }),
    );
  const answers: Answers = {
    series: await api("series", { "match[]": all }),
    exemplars: await api("query_exemplars", { query: all }),
    metadata: await api("metadata"),
    labels: await api("labels"),
  };
  const { data } = JSON.parse(answers.labels) as { data: string[] };
  for (const label of data) answers[`values of ${label}`] = await api(`label/${label}/values`);
  return answers;
}

/** Every file below a directory, as bytes; those that are written to right now included. */
async function* filesBelow(directory: string): AsyncGenerator<[path: string, content: string]> {
  for (const name of await readdir(directory, { recursive: true })) {
    const path = join(directory, name);
    if ((await stat(path).catch(() => undefined))?.isFile()) {
      yield [path, await readFile(path, "latin1")];
    }
  }
}

describeWith(SERVICES, "What was redacted, at the far end", () => {
  let stack: ProcessStack;
  const planter = new Planter();
  const traces = plantedTraces(planter);
  const alike = lookAlikes();
  let answers: Record<string, Answers>;

  beforeAll(async () => {
    stack = await startStack({ config, services: SERVICES });
    await sendJson(stack, "traces", traces.request);
    await sendJson(stack, "logs", plantedLogs(planter));
    await sendJson(stack, "metrics", plantedMetrics(planter));
    await sendJson(stack, "traces", alike.traces);
    await sendJson(stack, "logs", alike.logs);
    await eventually(
      async () => {
        expect(await spansInTempo(stack, traces.traceId)).toHaveLength(traces.spans);
        const jaeger = await bodyOf(stack, "jaeger", `/api/traces/${traces.traceId}`);
        expect(jaeger.match(/"spanID"/g)?.length).toBeGreaterThanOrEqual(traces.spans);
        const logs = await linesInLoki(stack, '{service_name="planted"}');
        expect(logs.length).toBeGreaterThan(0);
        const counted = await ask<{ data: { result: unknown[] } }>(
          stack,
          "prometheus",
          "/api/v1/query",
          { query: 'traces_spanmetrics_calls_total{service_name="planted"}' },
        );
        expect(counted.data.result).not.toHaveLength(0);
      },
      { timeout: 60_000, interval: 500 },
    );
    answers = {
      Tempo: await answersOfTempo(stack, traces.traceId),
      Jaeger: await answersOfJaeger(stack, traces.traceId),
      Loki: await answersOfLoki(stack),
      Prometheus: await answersOfPrometheus(stack),
    };
  }, 180_000);
  afterAll(() => stack?.stop(), 60_000);

  test.each(["Tempo", "Jaeger", "Loki", "Prometheus"])("holds no secret in %s", (store) => {
    const leaks = [...planter.planted].flatMap(([needle, what]) =>
      Object.entries(answers[store])
        .filter(([, answer]) => answer.includes(needle))
        .map(([where]) => `${what}: ${where}`),
    );
    expect(leaks).toEqual([]);
  });

  test.each([
    ["Tempo", "trace", 8],
    ["Jaeger", "trace", 6],
    ["Loki", "lines", 8],
    ["Prometheus", "series", 2],
    ["Prometheus", "exemplars", 1],
  ])("was looked for in %s, in its %s", (store, where, least) => {
    const seen = answers[store][where].split(CANARY).length - 1;
    expect(seen).toBeGreaterThanOrEqual(least * traces.spans);
    expect(answers[store][where]).toContain("****");
    expect(answers[store][where]).not.toContain("tracekeep.lent");
  });

  test("has removed links and counted them", () => {
    const { trace } = answers.Tempo;
    expect(trace.match(/"droppedLinksCount":1\b/g)).toHaveLength(traces.spans);
    expect(trace).not.toContain('"links"');
  });

  test("leaves what only looks like a secret alone", async () => {
    const body = await bodyOf(stack, "tempo", `/api/v2/traces/${alike.traceId}`);
    const { trace } = JSON.parse(body) as {
      trace: {
        resourceSpans: {
          scopeSpans: {
            spans: { attributes: { key: string; value: Record<string, unknown> }[] }[];
          }[];
        }[];
      };
    };
    const [{ attributes }] = trace.resourceSpans[0].scopeSpans[0].spans;
    const lines = await linesInLoki(stack, '{service_name="look-alikes"}');
    const masked = alike.texts.filter((text, index) => {
      const kept = attributes.filter(({ key }) => key.endsWith(`.${index}`));
      const isKept = kept.every(({ value }) => !String(Object.values(value)[0]).includes("****"));
      return !isKept || kept.length === 0 || !lines.includes(text);
    });
    console.log(
      `${masked.length} of ${alike.texts.length} look-alikes were masked: ${masked.join("; ")}`,
    );
    expect(masked).toEqual(Object.keys(TAKEN_FOR_SECRETS));
  });

  test("holds no secret in any file of the stores, nor in the queues and logs", async () => {
    // What waits in memory is written when a server ends.
    await Promise.all(SERVICES.map((service) => stack.kill(service, "SIGTERM")));
    const leaks: string[] = [];
    const seen: Record<string, Set<string>> = {};
    for await (const [path, content] of filesBelow(stack.directory)) {
      const where = path.slice(stack.directory.length + 1);
      for (const [needle, what] of planter.planted) {
        if (content.includes(needle)) leaks.push(`${what}: ${where}`);
      }
      const own = (seen[where.split(/[./]/)[0]] ??= new Set());
      planter.spared.filter((word) => content.includes(word)).forEach((word) => own.add(word));
    }
    // What is compressed cannot be searched like this; so much can.
    const legible = SERVICES.map((service) => `${service} ${seen[service]?.size ?? 0}`).join(", ");
    console.log(`of ${planter.spared.length} words beside secrets legible in files: ${legible}`);
    for (const service of SERVICES) expect(seen[service]?.size ?? 0).toBeGreaterThan(0);
    expect(leaks).toEqual([]);
  }, 90_000);
});
