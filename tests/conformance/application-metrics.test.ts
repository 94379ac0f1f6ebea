import { readFileSync } from "node:fs";
import { createServer as createHttp, type RequestListener, type Server } from "node:http";
import { createServer as createHttps } from "node:https";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import {
  ENVIRONMENT_LABEL,
  EXEMPLAR_TRACE_ID,
  GRAPH_LABELS,
  SERVICE_GRAPH,
  SPAN_LABELS,
  SPAN_METRICS,
  SPAN_VALUES,
  TARGET_INFO,
} from "../../components/prometheus/metric-names";
import { parseConfig } from "../../config/parse";
import { promExemplars, promInstant } from "../helpers/data-source-api";
import { sendJson } from "../helpers/intake";
import { generator, knownTrace, sendParts } from "../helpers/known-traces";
import { eventually, freePort } from "../helpers/ports";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { clientIdentity, rootCertificate } from "../helpers/refusals";
import { describeWith } from "../helpers/skip";

const text = (key: string, value: string) => ({ key, value: { stringValue: value } });
const now = () => `${Date.now()}000000`;

/** Metrics as an application serves them, and what a scrape of them said of itself. */
class Target {
  readonly scrapes: { path?: string; client?: string }[] = [];
  readonly answer: RequestListener = (request, response) => {
    const { socket, url } = request;
    const client = "getPeerCertificate" in socket ? (socket as TLSSocket) : undefined;
    const names = client?.getPeerCertificate().subjectaltname;
    this.scrapes.push({ path: url, ...(names !== undefined && { client: names }) });
    response.setHeader("content-type", "text/plain; version=0.0.4");
    response.end('# TYPE documents_total counter\ndocuments_total{kind="pdf"} 42\n');
  };
}

const listen = (server: Server, port: number) =>
  new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));

describeWith(["prometheus", "collector"], "Metrics of applications", () => {
  const outside = new Target();
  const shop = new Target();
  const servers: Server[] = [];
  let stack: ProcessStack;

  beforeAll(async () => {
    const ports = { outside: await freePort(), shop: await freePort() };
    stack = await startStack({
      config: parseConfig(
        {
          environment: "staging",
          tuning: { prometheus: { scrapeInterval: "1s" } },
          alerts: { interval: "1s" },
          // Everything that may have a name of its own is there.
          sampling: { ratio: 0.5, decisionWait: "1s" },
          apps: [
            {
              name: "shop",
              scrape: { target: `127.0.0.1:${ports.shop}`, path: "/monitoring/metrics", tls: true },
            },
          ],
          scrapeTargets: [
            {
              name: "gateway-backend",
              targets: [`127.0.0.1:${ports.outside}`],
              path: "/monitoring/metrics",
              labels: { site: "north", team: "search" },
            },
          ],
          jaeger: { enabled: false },
        },
        { stack: "dev", environment: {} },
      ),
      services: ["prometheus", "collector"],
    });
    const { cert, key } = clientIdentity(stack.pki, "shop");
    const ca = [
      rootCertificate(stack.pki),
      readFileSync(join(stack.pki.trust, "services.crt"), "utf8"),
    ];
    const mtls = { cert, key, ca, requestCert: true, rejectUnauthorized: true };
    servers.push(createHttp(outside.answer), createHttps(mtls, shop.answer));
    await listen(servers[0], ports.outside);
    await listen(servers[1], ports.shop);
  }, 60_000);
  afterAll(async () => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    await stack?.stop();
  }, 60_000);

  /** Labels of the series that an expression has by now; waits until there is one. */
  const labelsOf = (query: string) =>
    eventually(
      async () => {
        const { series } = await promInstant(stack, query, Date.now() / 1000);
        if (series.length === 0) throw new Error(`Prometheus has no ${query}`);
        return series.map(({ labels }) => labels);
      },
      { timeout: 60_000, interval: 500 },
    );

  test("are scraped outside of the stack, with the labels of the options", async () => {
    const [labels] = await labelsOf('documents_total{job="gateway-backend"} == 42');
    expect(labels).toMatchObject({ kind: "pdf", site: "north", team: "search" });
    expect(outside.scrapes[0]).toEqual({ path: "/monitoring/metrics" });
  }, 90_000);

  test("are scraped over mutual TLS from an application that has a certificate", async () => {
    await labelsOf('documents_total{job="shop"} == 42');
    expect(shop.scrapes[0].path).toBe("/monitoring/metrics");
    expect(shop.scrapes[0].client).toContain("DNS:prometheus");
  }, 90_000);

  test("come over OTLP, with what their resource says as labels", async () => {
    await sendJson(stack, "metrics", {
      resourceMetrics: [
        {
          resource: {
            attributes: [
              text("service.name", "shop"),
              text("service.namespace", "web"),
              text("service.instance.id", "shop-1"),
              text("service.version", "1.2.3"),
              text("host.name", "no label"),
            ],
          },
          scopeMetrics: [
            {
              metrics: [
                {
                  name: "search.latency",
                  unit: "ms",
                  gauge: {
                    dataPoints: [
                      { timeUnixNano: now(), asDouble: 12.5, attributes: [text("index", "docs")] },
                    ],
                  },
                },
              ],
            },
          ],
        },
      ],
    });
    const [labels] = await labelsOf("search_latency_milliseconds == 12.5");
    expect(labels).toEqual({
      __name__: "search_latency_milliseconds",
      job: "web/shop",
      instance: "shop-1",
      index: "docs",
      service_name: "shop",
      service_namespace: "web",
      service_instance_id: "shop-1",
      service_version: "1.2.3",
      // Of the stack, for the application did not say.
      [ENVIRONMENT_LABEL]: "staging",
    });
  }, 90_000);

  describe("that are counted of their spans", () => {
    beforeAll(async () => {
      const random = generator(7);
      const traces = Array.from({ length: 20 }, (_, index) =>
        knownTrace(index % 2 === 0 ? "error" : "slow", index, Date.now() - 2000, random),
      );
      await sendParts(
        stack,
        traces.flatMap(({ parts }) => parts),
      );
    });

    // A histogram's own name has no series; its count has.
    const names = Object.values(SPAN_METRICS).map((name) =>
      name === SPAN_METRICS.duration ? `${name}_count` : name,
    );
    test.each([
      ...names.map((name) => [name, Object.values(SPAN_LABELS)] as const),
      ...Object.values(SERVICE_GRAPH).map((name) => [name, Object.values(GRAPH_LABELS)] as const),
      [TARGET_INFO, ["job"]] as const,
    ])("have the name %s, with its labels", async (name, wanted) => {
      // Who calls from outside is an edge, too, and has no environment.
      const isEdge = name.startsWith("traces_service_graph");
      const [labels] = await labelsOf(isEdge ? `${name}{client="gateway"}` : name);
      expect(Object.keys(labels)).toEqual(
        expect.arrayContaining([...wanted, ...(name.endsWith("_bucket") ? ["le"] : [])]),
      );
    });

    test("have the values of labels that are asked for", async () => {
      for (const kind of [SPAN_VALUES.entryKinds[0], "SPAN_KIND_CLIENT"]) {
        await labelsOf(`sum(${SPAN_METRICS.calls}{${SPAN_LABELS.kind}="${kind}"}) > 0`);
      }
      // Each second trace has one span that failed.
      await labelsOf(
        `sum(${SPAN_METRICS.calls}{${SPAN_LABELS.status}="${SPAN_VALUES.error}"}) == 10`,
      );
    }, 90_000);

    test("have their trace's id in exemplars, under its label", async () => {
      const found = await eventually(
        async () => {
          const time = Date.now() / 1000;
          const range = { start: time - 600, end: time + 60, step: 1 };
          const all = await promExemplars(stack, SPAN_METRICS.exemplarsBucket, range);
          expect(all.length).toBeGreaterThan(0);
          return all;
        },
        { timeout: 60_000 },
      );
      for (const { labels } of found) expect(labels[EXEMPLAR_TRACE_ID]).toMatch(/^[0-9a-f]{32}$/);
    }, 90_000);
  });
});
