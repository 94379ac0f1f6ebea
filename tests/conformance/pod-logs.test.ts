import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PodLog, type PodLogOptions } from "../helpers/pod-log";
import { onCluster } from "../helpers/kubernetes-manifests";
import { eventually } from "../helpers/ports";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { get, linesInLoki } from "../helpers/requests";
import { programPath } from "../helpers/servers";
import { describeWith } from "../helpers/skip";

const numbered = (what: string, from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `${what} ${from + index}`);

const later = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describeWith(["collector", "loki", "prometheus"], "The log agent on a cluster's node", () => {
  let directory: string;
  let stack: ProcessStack;
  let tempo: PodLog;

  const podLog = (container: string, options: Partial<PodLogOptions> = {}) =>
    PodLog.create(directory, {
      namespace: "tracekeep-dev",
      pod: `${container}-0`,
      container,
      ...options,
    });

  beforeAll(async () => {
    const parent = await mkdtemp(join(tmpdir(), "tracekeep-"));
    directory = join(parent, "pods");
    await mkdir(directory);
    tempo = await podLog("tempo");
    await tempo.write(["before its first start"]);
    const podLogs = { directory, namespaces: ["shop"] };
    stack = await startStack({
      config: onCluster({ containerLogs: { enabled: true }, kubernetes: { podLogs } }),
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
      execFileSync(programPath("log-agent"), ["validate", ...args], {
        stdio: "pipe",
        env: { HOST_NAME: "node-1" },
      }),
    ).not.toThrow();
  });

  test("brings a pod's lines to Loki with whose they are, as it wrote them", async () => {
    const lines = [
      'level=error ts=2026-01-02T03:04:05Z msg="a <line> of logfmt & \\"quotes\\""',
      '{"level":"warn","msg":"a line of JSON"}',
      "a line of text, with tabs\tand ünïcode, in stdout F its words stderr P",
    ];
    await tempo.write(lines, "stderr");
    const own = '{service_name="tempo", deployment_environment_name="dev"}';
    const labels = {
      k8s_namespace_name: "tracekeep-dev",
      k8s_pod_name: "tempo-0",
      k8s_pod_uid: tempo.uid,
      k8s_container_name: "tempo",
      k8s_container_restart_count: "0",
      k8s_node_name: "node-1",
      log_iostream: "stderr",
    };
    const filters = Object.entries(labels).map(([label, value]) => `| ${label}="${value}"`);
    await expectLines(
      `${own} ${filters.join(" ")} | service_namespace="" | log_file_path="" | logtag=""`,
      lines,
    );
    // Loki's own reading of them.
    await expectLines(`${own} | detected_level="error"`, [lines[0]]);
    await expectLines(`${own} | detected_level="warn"`, [lines[1]]);
  }, 40_000);

  test("takes the pods of the namespaces that are named, and no others, nor itself", async () => {
    const before = await received();
    const cart = await podLog("cart", { namespace: "shop", pod: "cart-5d4-x" });
    for (const [container, namespace] of [
      ["postgres", "other"],
      ["tempo", "tracekeep-dev-2"],
      ["cart", "shop-2"],
    ]) {
      const foreign = await podLog(container, { namespace, pod: `foreign-${container}` });
      await foreign.write([`foreign ${namespace}`]);
    }
    const agent = await podLog("log-agent", { pod: "log-agent-x2x" });
    await agent.write(["foreign: the agent's own"]);
    await cart.write(["a line of the shop"]);
    await expectLines(
      '{service_name="cart"} | service_namespace="shop" | k8s_pod_name="cart-5d4-x"',
      ["a line of the shop"],
    );
    // Two more rounds of reading.
    await later(2500);
    expect(await received()).toBe(before + 1);
    await expectLines('{service_name=~".+"} |~ "foreign|before its first"', []);
  }, 40_000);

  test("joins what the runtime cut into pieces, each stream for itself", async () => {
    const long = `long ${"0123456789".repeat(4500)} end`;
    const loki = await podLog("loki");
    await loki.write([long, "short"]);
    await loki.writePieces([
      { text: "out one, ", partial: true },
      { text: "err one, ", partial: true, stream: "stderr" },
      { text: "out two" },
      { text: "err two", stream: "stderr" },
      { text: "" },
    ]);
    await expectLines('{service_name="loki"} |~ "long|short|one|two"', [
      long,
      "short",
      "out one, out two",
      "err one, err two",
    ]);
    await expectLines('{service_name="loki"} | log_iostream="stderr"', ["err one, err two"]);
  }, 40_000);

  test("reads what nodes write that keep another time, each line at its time", async () => {
    const jaeger = await podLog("jaeger", { zone: "+02:00" });
    await jaeger.write(["two hours on"]);
    await expectLines('{service_name="jaeger"}', ["two hours on"]);
  }, 40_000);

  test("masks secrets, for all passes the collector", async () => {
    await tempo.write(["login of someone@mail.example.org with password=hunter2secret"]);
    await expectLines('{service_name="tempo"} |= "login of"', ["login of **** with p****"]);
  }, 40_000);

  test("follows files that are rotated and compressed, and containers that restart, each line once", async () => {
    const qdrant = await podLog("qdrant");
    const before = await received();
    for (let turn = 0; turn < 5; turn++) {
      await qdrant.write(numbered("turn", turn * 100, turn * 100 + 100));
      // Names of rotated files differ by the second.
      await later(1100);
      if (turn > 0 && turn < 4) await qdrant.rotate();
      if (turn === 3) qdrant.restart();
    }
    await expectLines('{service_name="qdrant"}', numbered("turn", 0, 500));
    await expectLines(
      '{service_name="qdrant"} | k8s_container_restart_count="1"',
      numbered("turn", 400, 500),
    );
    expect(await received()).toBe(before + 500);
  }, 60_000);

  test("goes on where it was stopped, past a rotation, each line once", async () => {
    const grafana = await podLog("grafana");
    const before = await received();
    await grafana.write(numbered("line", 0, 100));
    await expectLines('{service_name="grafana"}', numbered("line", 0, 100));
    await stack.kill("log-agent", "SIGTERM");
    await grafana.write(numbered("line", 100, 150));
    await grafana.rotate();
    await grafana.write(numbered("line", 150, 200));
    // A pod that is new while nobody looks.
    const alertmanager = await podLog("alertmanager");
    await alertmanager.write(["started meanwhile"]);
    await stack.restart("log-agent");
    await expectLines('{service_name="grafana"}', numbered("line", 0, 200));
    await expectLines('{service_name="alertmanager"}', ["started meanwhile"]);
    expect(await received()).toBe(before + 201);
  }, 60_000);

  test("tells Prometheus of itself as that of its node, by the names that alerts ask for", async () => {
    await eventually(
      async () => {
        for (const series of [
          'target_info{job="log-agent", instance="node-1"}',
          'otelcol_receiver_accepted_log_records_total{job="log-agent", instance="node-1"} > 0',
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
