import { execFile } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { VERIFICATION } from "../../components/pki/certificate-spec";
import { prometheusWorkload } from "../../components/prometheus/config";
import { parseConfig } from "../../config/parse";
import { kubernetesLayout } from "../../targets/kubernetes/layout";
import { documentOf } from "../helpers/golden";
import { eventually } from "../helpers/ports";
import { editFiles, startStack, type ProcessStack } from "../helpers/process-stack";
import { expectRefusals, servedSerial } from "../helpers/refusals";
import { get, identityIn } from "../helpers/requests";
import { programPath } from "../helpers/servers";
import { describeWith } from "../helpers/skip";

const run = promisify(execFile);
const config = parseConfig(
  {
    tuning: { prometheus: { scrapeInterval: "1s" } },
    alerts: { interval: "1s", lookback: "30s" },
    apps: [{ name: "shop", image: "shop:1", scrape: { port: 9464, tls: true } }],
    scrapeTargets: [{ name: "nodes", targets: ["127.0.0.1:9"], labels: { site: "x" } }],
  },
  { stack: "dev", environment: {} },
);

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const nanoseconds = (secondsAgo: number) => `${Date.now() - secondsAgo * 1000}000000`;
const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } });

/** Sends metrics by OTLP over HTTP, as the collector would. */
async function push(stack: ProcessStack, metrics: object[], identity = "collector") {
  return get(stack, "prometheus", "/api/v1/otlp/v1/metrics", {
    identity: identityIn(stack, identity),
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      resourceMetrics: [
        {
          resource: {
            attributes: [
              attribute("service.name", "shop"),
              attribute("service.version", "7"),
              attribute("deployment.environment.name", "dev"),
            ],
          },
          scopeMetrics: [{ scope: { name: "test" }, metrics }],
        },
      ],
    }),
  });
}

const gauge = (name: string, value: number, secondsAgo = 0) => ({
  name,
  gauge: { dataPoints: [{ asDouble: value, timeUnixNano: nanoseconds(secondsAgo) }] },
});

async function ask<T>(stack: ProcessStack, path: string): Promise<T> {
  const { status, body } = await get(stack, "prometheus", path);
  if (status !== 200) throw new Error(`Prometheus answered ${status}: ${body}`);
  return (JSON.parse(body) as { data: T }).data;
}

interface Sample {
  metric: Record<string, string>;
  value: [number, string];
}

async function query(stack: ProcessStack, expression: string): Promise<Sample[]> {
  const parameters = new URLSearchParams({ query: expression });
  const path = `/api/v1/query?${parameters.toString()}`;
  return (await ask<{ result: Sample[] }>(stack, path)).result;
}

describeWith(["prometheus", "promtool"], "Prometheus with the stack's own documents", () => {
  let stack: ProcessStack;
  const file = (name: string) => join(stack.layout("prometheus").config, name);
  const promtool = (...args: string[]) => run(programPath("promtool"), args);
  beforeAll(async () => {
    // A group is evaluated for the first time somewhere within its interval.
    const mutate = editFiles("prometheus", ({ path, content }) => ({
      path,
      content: content.replaceAll(" interval: 1m", " interval: 5s"),
    }));
    stack = await startStack({ config, services: ["prometheus"], mutate });
  }, 60_000);
  afterAll(() => stack?.stop(), 60_000);

  test("promtool accepts the configuration, the web file and every rule", async () => {
    await promtool("check", "config", file("prometheus.yml"));
    await promtool("check", "web-config", file("web.yml"));
    const rules = readdirSync(file("rules")).map((name) => file(`rules/${name}`));
    expect(rules.length).toBeGreaterThanOrEqual(8);
    const { stdout } = await promtool("check", "rules", ...rules);
    expect(stdout).not.toContain("FAILED");
  }, 30_000);

  test("promtool accepts how replicas without names are found", async () => {
    const database = { host: "db.example.org:5432", name: "g", user: "g", password: "pw" };
    const cluster = { target: "kubernetes", kubernetes: { context: "example" } };
    const options = { ...cluster, replicas: { grafana: 2 }, grafana: { database } };
    const workload = prometheusWorkload({
      config: parseConfig(options, { stack: "dev", environment: {} }),
      layout: kubernetesLayout("prometheus"),
    });
    const path = join(stack.directory, "replicas.yml");
    writeFileSync(path, documentOf(workload, "prometheus.yml"));
    await promtool("check", "config", "--syntax-only", path);
  }, 30_000);

  test("serves services, and refuses applications, strangers and plaintext", async () => {
    await expectRefusals(stack, "prometheus");
  }, 30_000);

  test("takes metrics over OTLP with exemplars and gives both back", async () => {
    const { status } = await push(stack, [
      {
        name: "shop.checkout.duration",
        unit: "s",
        histogram: {
          aggregationTemporality: 2,
          dataPoints: [
            {
              startTimeUnixNano: nanoseconds(60),
              timeUnixNano: nanoseconds(0),
              count: "3",
              sum: 0.6,
              explicitBounds: [0.1, 1],
              bucketCounts: ["1", "2", "0"],
              exemplars: [
                {
                  timeUnixNano: nanoseconds(1),
                  asDouble: 0.5,
                  traceId: TRACE_ID,
                  spanId: TRACE_ID.slice(0, 16),
                },
              ],
            },
          ],
        },
      },
    ]);
    expect(status).toBe(200);
    const [count] = await query(stack, "shop_checkout_duration_seconds_count");
    expect(count.value[1]).toBe("3");
    expect(count.metric).toMatchObject({
      job: "shop",
      service_name: "shop",
      service_version: "7",
      deployment_environment_name: "dev",
    });
    const parameters = new URLSearchParams({
      query: "shop_checkout_duration_seconds_bucket",
      start: String(Date.now() / 1000 - 60),
      end: String(Date.now() / 1000 + 60),
    });
    const exemplars = await ask<{ exemplars: { labels: Record<string, string> }[] }[]>(
      stack,
      `/api/v1/query_exemplars?${parameters.toString()}`,
    );
    expect(exemplars[0]?.exemplars[0]?.labels.trace_id).toBe(TRACE_ID);
  }, 30_000);

  test("takes what waited through the longest outage, and refuses what is older", async () => {
    expect((await push(stack, [gauge("shop.queue", 1)])).status).toBe(200);
    const promised = config.capacity.outage + 900;
    expect((await push(stack, [gauge("shop.queue", 2, promised)])).status).toBe(200);
    const [late] = await query(stack, `shop_queue @ ${Date.now() / 1000 - promised + 5}`);
    expect(late.value[1]).toBe("2");
    const tooOld = await push(stack, [gauge("shop.queue", 3, config.capacity.outage + 7200)]);
    expect(tooOld.status).toBe(400);
  }, 30_000);

  test("refuses metrics of an application that goes past the collector", async () => {
    await expect(push(stack, [gauge("shop.past", 1)], VERIFICATION)).rejects.toThrow(/alert/);
    expect(await query(stack, "shop_past")).toEqual([]);
  }, 30_000);

  test("scrapes itself and evaluates every rule without an error", async () => {
    await eventually(async () => {
      const [up] = await query(stack, 'up{job="prometheus"}');
      expect(up.value[1]).toBe("1");
      const { groups } = await ask<{
        groups: { name: string; rules: { name: string; health: string; lastError?: string }[] }[];
      }>(stack, "/api/v1/rules");
      const unwell = groups.flatMap(({ rules }) => rules.filter(({ health }) => health !== "ok"));
      expect(unwell).toEqual([]);
      expect(groups.map(({ name }) => name)).toContain("applications");
    });
  }, 60_000);

  test("serves a renewed certificate without a restart", async () => {
    const { pid } = stack.process("prometheus");
    const before = await servedSerial(stack, "prometheus", "http");
    const renewed = await stack.pki.reissue("prometheus");
    expect(renewed).not.toBe(before);
    await eventually(async () =>
      expect(await servedSerial(stack, "prometheus", "http")).toBe(renewed),
    );
    expect(stack.process("prometheus").pid).toBe(pid);
  }, 30_000);
});
