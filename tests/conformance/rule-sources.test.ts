import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { limitsOf } from "../../config/capacity";
import { parseConfig } from "../../config/parse";
import { ask } from "../helpers/data-source-api";
import { faster } from "../helpers/faster";
import { eventually } from "../helpers/ports";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { describeWith } from "../helpers/skip";

/** Durations of rules and reloads are divided by it. */
const FACTOR = 10;

const config = parseConfig(
  {
    tuning: { prometheus: { scrapeInterval: "1s" } },
    alerts: { interval: "1s", lookback: "30s" },
    // Leaves of the tests live for a day.
    certificates: { lifetime: "12h", renewBefore: "2h" },
    apps: [{ name: "shop" }],
    ...Object.fromEntries(
      ["grafana", "jaeger", "qdrant", "alertmanager"].map((name) => [name, { enabled: false }]),
    ),
  },
  { stack: "dev", environment: {} },
);

interface Sample {
  metric: Record<string, string>;
  value: [time: number, value: string];
}

describeWith(["prometheus", "collector"], "the sources of alerts", () => {
  let stack: ProcessStack;
  const query = async (promql: string): Promise<Sample[]> => {
    const path = "/api/v1/query";
    const answer = await ask<{ data: { result: Sample[] } }>(stack, "prometheus", path, {
      query: promql,
    });
    return answer.data.result;
  };
  const value = async (promql: string) => {
    const [sample] = await query(promql);
    if (sample === undefined) throw new Error(`${promql} finds nothing`);
    return Number(sample.value[1]);
  };
  const firing = async () => {
    const alerts = await query('ALERTS{alertstate="firing"}');
    return alerts.map(({ metric }) => `${metric.alertname} ${metric.certificate ?? ""}`.trim());
  };

  beforeAll(async () => {
    stack = await startStack({
      config,
      services: ["prometheus", "collector"],
      mutate: (workload) => faster(workload, FACTOR),
    });
  }, 60_000);
  afterAll(() => stack?.stop(), 60_000);

  describe("the ends of certificates", () => {
    const END = "tracekeep:certificate_not_after:timestamp_seconds";
    const left = (certificate: string) => value(`${END}{certificate="${certificate}"} - time()`);

    test("are there for what the stack issued, and follow a renewal without a restart", async () => {
      await eventually(() => left("tempo"));
      const kinds = (await query(END)).map(({ metric }) => `${metric.kind} ${metric.certificate}`);
      expect(kinds).toEqual(
        expect.arrayContaining([
          "root tracekeep root",
          "issuer tracekeep applications",
          "leaf prometheus",
          "leaf shop",
        ]),
      );
      const { pid } = stack.process("prometheus");
      const before = await left("tempo");
      await stack.renew("shop", { lifetime: 900 });
      await eventually(async () => expect(await left("shop")).toBeLessThanOrEqual(900), {
        timeout: (30_000 / FACTOR) * 3,
      });
      expect(stack.process("prometheus").pid).toBe(pid);
      expect(Math.abs((await left("tempo")) - before)).toBeLessThan(60);
    }, 60_000);

    test("are what the alert goes by", async () => {
      await eventually(async () => expect(await firing()).toContain("CertificateEnds shop"));
      await stack.renew("shop");
      await eventually(async () => expect(await firing()).not.toContain("CertificateEnds shop"));
    }, 60_000);

    test("stay as they were while their file cannot be read, and an alert says so", async () => {
      const file = join(stack.layout("prometheus").identity, "certificates.yml");
      await writeFile(file, "groups: [{");
      await eventually(async () => expect(await firing()).toContain("PrometheusReloadFails"), {
        timeout: 40_000,
      });
      await expect(left("tempo")).resolves.toBeGreaterThan(0);
      // The very text of before would be no change, and so no reload.
      await stack.renew("tempo");
      await eventually(async () => expect(await firing()).not.toContain("PrometheusReloadFails"), {
        timeout: 40_000,
      });
    }, 90_000);
  });

  test("the host's CPU, memory and the one disk of the data come from the collector", async () => {
    const { dataMount } = stack.layout("collector");
    const mounts = await eventually(async () => {
      const usage = await query('system_filesystem_usage_bytes{job="collector"}');
      expect(usage.length).toBeGreaterThan(0);
      return usage.map(({ metric }) => `${metric.mountpoint} ${metric.state}`).sort();
    });
    expect(mounts).toEqual(["free", "reserved", "used"].map((state) => `${dataMount} ${state}`));
    const states = await query('system_cpu_time_seconds_total{job="collector",state="idle"}');
    // One series, however many cores.
    expect(states).toHaveLength(1);
    await expect(value("system_cpu_logical_count")).resolves.toBeGreaterThan(0);
    const memory = 'sum(system_memory_usage_bytes{state=~"used|free"})';
    await expect(value(`${memory} / max(system_memory_limit_bytes)`)).resolves.toBeLessThan(1);
    // Neither is told of what happens there, as an application would be.
    expect(await query('target_info{job!="collector"}')).toEqual([]);
  }, 60_000);

  test.each(["prometheus", "collector"] as const)(
    "%s is told by use, limit, CPU and start under the stack's own names",
    async (service) => {
      const of = `{job="${service}"}`;
      const used = await eventually(() => value(`tracekeep:memory_used:bytes${of}`));
      const limit = await value(`tracekeep:memory_limit:bytes${of}`);
      expect(limit).toBe(limitsOf(config, service).memory);
      expect(used).toBeGreaterThan(2 ** 20);
      expect(used).toBeLessThan(limit);
      await eventually(() => value(`tracekeep:cpu_used:cores${of}`), { timeout: 60_000 });
      const start = await value(`tracekeep:process_start_time:seconds${of}`);
      expect(Math.abs(Date.now() / 1000 - start)).toBeLessThan(300);
      await expect(value(`changes(tracekeep:process_start_time:seconds${of}[5m])`)).resolves.toBe(
        0,
      );
    },
    90_000,
  );

  test("a restart is one, whether the start or the uptime is told", async () => {
    const changes = (service: string) =>
      value(`changes(tracekeep:process_start_time:seconds{job="${service}"}[5m])`);
    await stack.restart("collector");
    await stack.restart("prometheus");
    await eventually(async () => expect(await changes("collector")).toBe(1), { timeout: 60_000 });
    await eventually(async () => expect(await changes("prometheus")).toBe(1), { timeout: 60_000 });
  }, 150_000);
});
