import {
  ENVIRONMENT_LABEL,
  GRAPH_LABELS,
  SERVICE_GRAPH,
  SPAN_METRICS,
} from "../../components/prometheus/metric-names";
import { parseConfig } from "../../config/parse";
import { promInstant } from "../helpers/data-source-api";
import { sendJson } from "../helpers/intake";
import { eventually } from "../helpers/ports";
import { editFiles, startStack, type ProcessStack } from "../helpers/process-stack";
import { describeWith } from "../helpers/skip";

const config = parseConfig(
  {
    environment: "prod",
    tuning: { prometheus: { scrapeInterval: "1s" } },
    jaeger: { enabled: false },
  },
  { stack: "dev", environment: {} },
);

/** What is sent every 15 s comes every second. */
const often = editFiles("collector", ({ path, content }) => ({
  path,
  content: content
    .replaceAll("metrics_flush_interval: 15s", "metrics_flush_interval: 1s")
    .replaceAll("collection_interval: 15s", "collection_interval: 1s")
    .replaceAll("interval: 15000", "interval: 1000"),
}));

const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } });
const KIND = { server: 2, client: 3 };

interface Span {
  service: string;
  environment?: string;
  kind: keyof typeof KIND;
  id: string;
  parent?: string;
  attributes?: Record<string, string>;
}

const TRACE = "5b8efff798038103d269b633813fc60c";

async function send(stack: ProcessStack, spans: readonly Span[]): Promise<void> {
  const end = Date.now();
  await sendJson(stack, "traces", {
    resourceSpans: spans.map(({ service, environment, kind, id, parent, attributes = {} }) => ({
      resource: {
        attributes: [
          attribute("service.name", service),
          ...(environment ? [attribute("deployment.environment.name", environment)] : []),
        ],
      },
      scopeSpans: [
        {
          spans: [
            {
              traceId: TRACE,
              spanId: id,
              ...(parent && { parentSpanId: parent }),
              name: "work",
              kind: KIND[kind],
              startTimeUnixNano: `${end - 10}000000`,
              endTimeUnixNano: `${end}000000`,
              attributes: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
            },
          ],
        },
      ],
    })),
  });
}

const id = (number: number) => number.toString(16).padStart(16, "0");

describeWith(["collector", "prometheus"], "Environments of one stack", () => {
  let stack: ProcessStack;
  const labelsOf = async (query: string) =>
    (await promInstant(stack, query, Date.now() / 1000)).series.map(({ labels }) => labels);

  beforeAll(async () => {
    stack = await startStack({ config, services: ["prometheus", "collector"], mutate: often });
    await send(stack, [
      { service: "web", kind: "client", id: id(1) },
      { service: "shop", kind: "server", id: id(2), parent: id(1) },
      {
        service: "shop",
        kind: "client",
        id: id(3),
        parent: id(2),
        attributes: { "db.namespace": "orders" },
      },
      {
        service: "shop",
        kind: "client",
        id: id(4),
        parent: id(2),
        attributes: { "db.system.name": "redis" },
      },
      { service: "shop", environment: "lab", kind: "server", id: id(5) },
    ]);
  }, 60_000);
  afterAll(() => stack?.stop(), 60_000);

  test("have spans of a service counted apart; what says none is in the stack's", async () => {
    const query = `sum by (${ENVIRONMENT_LABEL}) (${SPAN_METRICS.calls}{service_name="shop"})`;
    await eventually(
      async () => {
        const { series } = await promInstant(stack, query, Date.now() / 1000);
        const counted = series.map(({ labels, values }) => [
          labels[ENVIRONMENT_LABEL],
          values.at(-1)?.[1],
        ]);
        expect(Object.fromEntries(counted)).toEqual({ lab: 1, prod: 3 });
      },
      { timeout: 30_000, interval: 500 },
    );
  }, 40_000);

  test("stand on either side of an edge, databases of old and new conventions included", async () => {
    const { client, server, clientEnvironment, serverEnvironment } = GRAPH_LABELS;
    await eventually(
      async () => {
        const edges = (await labelsOf(SERVICE_GRAPH.requests)).map((labels) =>
          [
            labels[client],
            labels[clientEnvironment],
            labels[server],
            labels[serverEnvironment] ?? "none",
          ].join(" "),
        );
        expect(edges).toEqual(
          expect.arrayContaining([
            "web prod shop prod",
            "shop prod orders none",
            "shop prod redis none",
          ]),
        );
      },
      { timeout: 40_000, interval: 500 },
    );
  }, 50_000);

  test("are on what is scraped, on the collector's own metrics and on the host's", async () => {
    for (const metric of [
      'up{job="prometheus"}',
      'otelcol_process_uptime_seconds_total{job="collector"}',
      'system_memory_limit_bytes{job="collector"}',
    ]) {
      await eventually(
        async () => {
          const labels = await labelsOf(metric);
          expect([metric, labels.map((label) => label[ENVIRONMENT_LABEL])]).toEqual([
            metric,
            ["prod"],
          ]);
        },
        { timeout: 30_000, interval: 500 },
      );
    }
  }, 60_000);
});
