import { limitsOf } from "../../config/capacity";
import { alertTrials, tryRules, type Trial } from "../helpers/promtool-rules";
import { RECORDINGS, RULES_CONFIG } from "../helpers/rules";
import { describeWith } from "../helpers/skip";

const namesOf = (trials: Trial[]) => trials.map(({ name }) => name);
const succeeded = { failed: [], output: "" };

/** What promtool found, with all that it said only where something failed. */
async function verdict(trials: Trial[]) {
  const { failed, output } = await tryRules(trials);
  expect(output).toMatch(/SUCCESS|FAILED/);
  return { failed, output: failed.length > 0 || output.includes("FAILED") ? output : "" };
}

const MI = 2 ** 20;

/** What is recorded of each process, from what processes of its kind tell. */
const RECORDED_VALUES: [series: Record<string, string>, query: string, expected: number][] = [
  [{}, 'tracekeep:memory_limit:bytes{job="tempo"}', limitsOf(RULES_CONFIG, "tempo").memory],
  [{}, 'tracekeep:memory_limit:bytes{job="shop"}', RULES_CONFIG.apps[0].memory],
  [
    { 'process_resident_memory_bytes{job="loki",instance="l:1"}': `${200 * MI}x40` },
    'tracekeep:memory_used:bytes{job="loki"}',
    200 * MI,
  ],
  [
    {
      'go_memstats_sys_bytes{job="prometheus",instance="p:1"}': `${300 * MI}x40`,
      'go_memstats_heap_released_bytes{job="prometheus",instance="p:1"}': `${100 * MI}x40`,
      'process_resident_memory_bytes{job="prometheus",instance="p:1"}': `${900 * MI}x40`,
    },
    'tracekeep:memory_used:bytes{job="prometheus"}',
    200 * MI,
  ],
  [
    { 'otelcol_process_memory_rss_bytes{job="collector",service_version="1"}': `${99 * MI}x40` },
    'tracekeep:memory_used:bytes{job="collector"}',
    99 * MI,
  ],
  [
    { 'memory_resident_bytes{job="qdrant"}': `${50 * MI}x40` },
    'tracekeep:memory_used:bytes{job="qdrant"}',
    50 * MI,
  ],
  [
    { 'process_memory_bytes{job="shop"}': `${70 * MI}x40` },
    'tracekeep:memory_used:bytes{job="shop"}',
    70 * MI,
  ],
  [
    { 'process_cpu_seconds_total{job="tempo"}': "0+3x40" },
    'tracekeep:cpu_used:cores{job="tempo"}',
    0.2,
  ],
  [
    { 'otelcol_process_cpu_seconds_total{job="jaeger"}': "0+1.5x40" },
    'tracekeep:cpu_used:cores{job="jaeger"}',
    0.1,
  ],
  [
    { 'process_start_time_seconds{job="grafana"}': "1234.5x40" },
    'tracekeep:process_start_time:seconds{job="grafana"}',
    1234.5,
  ],
  [
    { 'otelcol_process_uptime_seconds_total{job="collector"}': "100+15x40" },
    'tracekeep:process_start_time:seconds{job="collector"}',
    -100,
  ],
];

/** Starts by uptime: what is measured a moment late is no restart, and a restart is one. */
const RESTARTS: [what: string, uptime: string, restarts: number][] = [
  [
    "an uptime that trembles",
    Array.from({ length: 60 }, (_, i) => 15 * i + (i % 3) / 7).join(" "),
    0,
  ],
  ["an uptime that begins anew", "100+15x20 3+15x40", 1],
  ["a pause before it begins anew", "100+15x10 _x10 3+15x40", 1],
];

describeWith(["promtool"], "the alerts, evaluated by promtool", () => {
  test("each fires where it should, and not where it nearly should", async () => {
    expect(await verdict(alertTrials())).toEqual(succeeded);
  }, 300_000);

  test("each case notices an alert that never fires", async () => {
    const trials = alertTrials((rule) => ({ ...rule, expr: "vector(0) > 1" }));
    const firing = trials.filter(({ expected }) => expected !== undefined);
    expect((await tryRules(trials)).failed).toEqual(namesOf(firing));
  }, 300_000);

  test("each case notices an alert that always fires", async () => {
    const trials = alertTrials(({ forSeconds: _, ...rule }) => ({ ...rule, expr: "vector(1)" }));
    const silent = trials.filter(({ expected }) => expected === undefined);
    expect((await tryRules(silent)).failed).toEqual(namesOf(silent));
  }, 300_000);

  test("what processes tell is recorded under one name", async () => {
    const values = RECORDED_VALUES.map(([series, query, expected]): Trial => ({
      name: query,
      rules: RECORDINGS,
      series,
      query: `sum(${query})`,
      at: "8m",
      expected,
    }));
    const restarts = RESTARTS.map(([name, uptime, expected]): Trial => ({
      name,
      rules: RECORDINGS,
      series: { 'otelcol_process_uptime_seconds_total{job="collector"}': uptime },
      query: 'sum(changes(tracekeep:process_start_time:seconds{job="collector"}[14m]))',
      at: "14m",
      expected,
    }));
    expect(await verdict([...values, ...restarts])).toEqual(succeeded);
  }, 300_000);
});
