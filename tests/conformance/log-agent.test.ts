import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig, type StackConfig } from "../../config/parse";
import { ContainerLog } from "../helpers/container-log";
import { eventually } from "../helpers/ports";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { get, linesInLoki } from "../helpers/requests";
import { programPath } from "../helpers/servers";
import { describeWith } from "../helpers/skip";

const numbered = (what: string, from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `${what} ${from + index}`);

describeWith(["collector", "loki", "prometheus"], "The log agent", () => {
  let directory: string;
  let config: StackConfig;
  let stack: ProcessStack;
  let tempo: ContainerLog;
  let foreign: ContainerLog;

  beforeAll(async () => {
    const parent = await mkdtemp(join(tmpdir(), "tracekeep-"));
    directory = join(parent, "containers");
    await mkdir(directory);
    config = parseConfig(
      { containerLogs: { enabled: true, directory }, certificates: {} },
      { stack: "dev", environment: {} },
    );
    tempo = await ContainerLog.create(directory, "tracekeep-dev-tempo");
    await tempo.write(["before its first start"]);
    foreign = await ContainerLog.create(directory, "postgres");
    stack = await startStack({
      config,
      services: ["loki", "prometheus", "collector", "log-agent"],
    });
    // From here on it has seen what was there.
    await eventually(() =>
      Promise.resolve(expect(stack.log("log-agent")).toContain("Started watching file")),
    );
  }, 90_000);
  afterAll(async () => {
    await stack?.stop();
    await rm(join(directory, ".."), { recursive: true, force: true });
  }, 60_000);

  const expectLines = (query: string, lines: readonly string[]) =>
    eventually(
      async () => expect((await linesInLoki(stack, query)).sort()).toEqual([...lines].sort()),
      { timeout: 20_000 },
    );

  /** Lines that reached Loki, those that it has twice counted twice. */
  const received = async () => {
    const { body } = await get(stack, "loki", "/metrics");
    const counter = /^loki_distributor_lines_received_total\{[^}]*\} (\S+)$/gm;
    return [...body.matchAll(counter)].reduce((sum, [, value]) => sum + Number(value), 0);
  };

  test("is taken for valid by the program", () => {
    const { args } = stack.workloads["log-agent"]!;
    expect(() =>
      execFileSync(programPath("log-agent"), ["validate", ...args], { stdio: "pipe" }),
    ).not.toThrow();
  });

  test("brings a service's lines to Loki under its name, as it wrote them", async () => {
    const lines = [
      'level=error ts=2026-01-02T03:04:05Z msg="a <line> of logfmt & \\"quotes\\""',
      '{"level":"warn","msg":"a line of JSON"}',
      "a line of text, with tabs\tand ünïcode",
    ];
    await tempo.write(lines, { stream: "stderr" });
    const stream = '{service_name="tempo", deployment_environment_name="dev"}';
    await expectLines(
      `${stream} | container_name="tracekeep-dev-tempo" | log_iostream="stderr"`,
      lines,
    );
    // Loki's own reading of them.
    await expectLines(`${stream} | detected_level="error"`, [lines[0]]);
    await expectLines(`${stream} | detected_level="warn"`, [lines[1]]);
  }, 40_000);

  test("takes nothing of before its first start, of foreign containers, or of itself", async () => {
    const before = await received();
    const posing = '","attrs":{"tag":"tracekeep-dev-tempo"},"x":"';
    await foreign.write(["foreign", posing]);
    for (const [name, tagged] of [
      ["tracekeep-dev-loki-untagged", false],
      ["tracekeep-dev-2-tempo", true],
      ["tracekeep-dev-log-agent", true],
    ] as const) {
      const other = await ContainerLog.create(directory, name, tagged);
      await other.write([`foreign ${name}`]);
    }
    await tempo.write(["after those of others"]);
    await expectLines('{service_name="tempo"} |= "after those of others"', [
      "after those of others",
    ]);
    // Two more rounds of reading.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(await received()).toBe(before + 1);
    await expectLines('{service_name=~".+"} |~ "foreign |before its first"', []);
  }, 40_000);

  test("joins what the driver cut into pieces, and takes a line without an end", async () => {
    const long = `long ${"0123456789".repeat(4500)} end`;
    const ended = await ContainerLog.create(directory, "tracekeep-dev-jaeger");
    await ended.write([long, "short"]);
    await ended.write(["the program ended here"], { end: "" });
    await expectLines('{service_name="jaeger"}', [long, "short", "the program ended here"]);
  }, 40_000);

  test("masks secrets, for all passes the collector", async () => {
    await tempo.write(["login of someone@mail.example.org with password=hunter2secret"]);
    await expectLines('{service_name="tempo"} |= "login of"', ["login of **** with p****"]);
  }, 40_000);

  test("follows files that are rotated, each line once", async () => {
    const qdrant = await ContainerLog.create(directory, "tracekeep-dev-qdrant");
    const before = await received();
    for (let turn = 0; turn < 5; turn++) {
      await qdrant.write(numbered("turn", turn * 100, turn * 100 + 100));
      if (turn > 0) await qdrant.rotate();
      // Faster than files are looked for would be faster than three of them keep.
      await new Promise((resolve) => setTimeout(resolve, 700));
    }
    await expectLines('{service_name="qdrant"}', numbered("turn", 0, 500));
    expect(await received()).toBe(before + 500);
  }, 60_000);

  test("goes on where it was stopped, past a rotation, each line once", async () => {
    const grafana = await ContainerLog.create(directory, "tracekeep-dev-grafana");
    const before = await received();
    await grafana.write(numbered("line", 0, 100));
    await expectLines('{service_name="grafana"}', numbered("line", 0, 100));
    await stack.kill("log-agent", "SIGTERM");
    await grafana.write(numbered("line", 100, 150));
    await grafana.rotate();
    await grafana.write(numbered("line", 150, 200));
    // A container that is new while nobody looks.
    const alertmanager = await ContainerLog.create(directory, "tracekeep-dev-alertmanager");
    await alertmanager.write(["started meanwhile"]);
    await stack.restart("log-agent");
    await expectLines('{service_name="grafana"}', numbered("line", 0, 200));
    await expectLines('{service_name="alertmanager"}', ["started meanwhile"]);
    expect(await received()).toBe(before + 201);
  }, 60_000);

  test("loses nothing when it is killed while lines come", async () => {
    const prometheus = await ContainerLog.create(directory, "tracekeep-dev-prometheus");
    for (let turn = 0; turn < 20; turn++) {
      await prometheus.write(numbered("line", turn * 50, turn * 50 + 50));
      if (turn % 7 === 6) {
        await stack.kill("log-agent");
        await stack.restart("log-agent");
      }
      await new Promise((resolve) => setTimeout(resolve, 130));
    }
    // What Loki gets twice, with the same time and text, it keeps once.
    await expectLines('{service_name="prometheus"}', numbered("line", 0, 1000));
  }, 90_000);

  test("keeps what the collector cannot take, through its own restart too", async () => {
    const loki = await ContainerLog.create(directory, "tracekeep-dev-loki");
    await loki.write(["first"]);
    await expectLines('{service_name="loki"}', ["first"]);
    await stack.kill("collector", "SIGTERM");
    const before = await received();
    await loki.write(numbered("away", 0, 100));
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await stack.kill("log-agent", "SIGTERM");
    await loki.write(numbered("away", 100, 200));
    await stack.restart("log-agent");
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await stack.restart("collector");
    await expectLines('{service_name="loki"}', ["first", ...numbered("away", 0, 200)]);
    expect(await received()).toBe(before + 200);
  }, 90_000);

  test("tells Prometheus of itself, by the names that its alerts ask for", async () => {
    const rules = await readFile(
      join(stack.layout("prometheus").config, "rules", "log-agent.yml"),
      "utf8",
    );
    expect(rules).toContain("otelcol_receiver_accepted_log_records_total");
    await eventually(
      async () => {
        for (const series of [
          'target_info{job="log-agent"}',
          'otelcol_receiver_accepted_log_records_total{job="log-agent"} > 0',
        ]) {
          const query = new URLSearchParams({ query: series }).toString();
          const { body } = await get(stack, "prometheus", `/api/v1/query?${query}`);
          expect((JSON.parse(body) as { data: { result: unknown[] } }).data.result).toHaveLength(1);
        }
      },
      { timeout: 30_000 },
    );
  }, 40_000);
});
