import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { parseConfig } from "../../config/parse";
import { promInstant } from "../helpers/data-source-api";
import { sendJson } from "../helpers/intake";
import { eventually } from "../helpers/ports";
import { editFiles, startStack, type Mutation, type ProcessStack } from "../helpers/process-stack";
import { programPath } from "../helpers/servers";
import { describeWith } from "../helpers/skip";

const GI = 2 ** 30;
const DAY = 86_400;

const OPTIONS = {
  space: { tempo: "64Mi", loki: "1Gi" },
  tuning: { prometheus: { scrapeInterval: "1s" } },
  ...Object.fromEntries(
    ["grafana", "jaeger", "qdrant", "alertmanager"].map((name) => [name, { enabled: false }]),
  ),
};
const config = parseConfig(OPTIONS, { stack: "dev", environment: {} });

/** Replaces texts that must be there. */
const put =
  (...pairs: readonly (readonly [from: string, to: string])[]) =>
  (content: string): string =>
    pairs.reduce((done, [from, to]) => {
      if (!done.includes(from)) throw new Error(`"${from}" is not in the document`);
      return done.replaceAll(from, to);
    }, content);

/** Edits one document of a service. */
const edited = (
  service: "tempo" | "loki" | "prometheus",
  file: string,
  edit: (text: string) => string,
) =>
  editFiles(service, ({ path, content }) => ({
    path,
    content: path.endsWith(file) ? edit(content) : content,
  }));

const tempoSoon = put(
  ["max_block_duration: 1m", "max_block_duration: 5s"],
  ["\n  trace:\n", "\n  trace:\n    blocklist_poll: 2s\n"],
);
const lokiSoon = put(["chunk_idle_period: 30m", "chunk_idle_period: 3s\n  flush_check_period: 1s"]);

/** Blocks and chunks are written within seconds, and the alerts need not wait. */
const soon: readonly Mutation[] = [
  edited("tempo", "tempo.yaml", tempoSoon),
  edited("loki", "loki.yaml", lokiSoon),
  edited(
    "prometheus",
    "rules/prometheus.yml",
    put(["interval: 1m", "interval: 1s"], ["for: 2m", "for: 2s"]),
  ),
];

/** A retention of seconds, and a look at what is to be deleted every other second. */
const tempoShort = put(
  [
    "block_retention: 168h\n  finish",
    "block_retention: 5s\n    compacted_block_retention: 1s\n  finish",
  ],
  ["block_retention: 168h", "block_retention: 5s"],
  ["  provider:\n", "  provider:\n    retention:\n      interval: 2s\n"],
);
const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } });
const resource = { attributes: [attribute("service.name", "filler")] };
const nanos = (millis: number) => `${Math.round(millis)}000000`;
const hex = (bytes: number) => randomBytes(bytes).toString("hex");

/** Sends 200 spans and 200 lines that nothing can compress. */
async function fill(stack: ProcessStack): Promise<void> {
  const time = nanos(Date.now());
  const noise = (bytes: number) => randomBytes(bytes).toString("base64");
  const each = <T>(make: () => T) => Array.from({ length: 200 }, make);
  const spans = each(() => ({
    traceId: hex(16),
    spanId: hex(8),
    name: "fill",
    kind: 2,
    startTimeUnixNano: time,
    endTimeUnixNano: time,
    attributes: [attribute("noise", noise(700))],
  }));
  await sendJson(stack, "traces", { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] });
  const logRecords = each(() => ({ timeUnixNano: time, body: { stringValue: noise(400) } }));
  await sendJson(stack, "logs", { resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] });
}

/** Bytes that a directory takes on its disk. */
const onDisk = (directory: string): number =>
  Number(execFileSync("du", ["-s", "-B1", directory], { encoding: "utf8" }).split("\t")[0]);

/** Two days of what the rules would have recorded: a running stack's past. */
async function remember(stack: ProcessStack): Promise<void> {
  const { data } = stack.layout("prometheus");
  await mkdir(data, { recursive: true });
  const now = Math.floor(Date.now() / 1000);
  const times = Array.from(
    { length: (2 * DAY) / 60 - 180 },
    (_, index) => now - 2 * DAY + 60 * index,
  );
  const family = (name: string, value: number) => [
    `# TYPE ${name} gauge`,
    ...times.map((time) => `${name}{store="loki"} ${value} ${time}`),
  ];
  const file = join(stack.directory, "past.txt");
  const lines = [
    ...family("tracekeep:store_used:bytes", 3 * GI),
    ...family("tracekeep:store_written:bytes_per_second", (2 * GI) / DAY),
    "# EOF\n",
  ];
  await writeFile(file, lines.join("\n"));
  const args = ["tsdb", "create-blocks-from", "openmetrics", "--quiet", file, data];
  execFileSync(programPath("promtool"), args, { stdio: "pipe" });
}

/** Runs `space` on a stack whose file has these options. */
async function space(stack: ProcessStack, args: readonly string[], home: string) {
  const options = Object.entries(OPTIONS).map(
    ([name, value]) => `  tracekeep:${name}: ${JSON.stringify(value)}`,
  );
  await writeFile(join(home, "Pulumi.spacious.yaml"), `config:\n${options.join("\n")}\n`);
  const child = spawn(
    process.execPath,
    [
      "--import",
      "tsx",
      "commands/main.ts",
      "space",
      "--stack",
      "spacious",
      "--from-stdin",
      ...args,
    ],
    {
      cwd: resolve(__dirname, "../.."),
      env: { ...process.env, TRACEKEEP_HOME: home },
      stdio: ["pipe", "pipe", "pipe"],
    },
  );
  child.stdin.end(JSON.stringify(stack.target()));
  const code = new Promise<number | null>((done) => child.once("close", done));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}

describeWith(
  ["tempo", "loki", "prometheus", "collector", "promtool"],
  "The space of stores",
  () => {
    let stack: ProcessStack;
    let home: string;
    const value = async (promql: string) => {
      const { series } = await promInstant(stack, promql, Date.now() / 1000);
      return series.at(0)?.values.at(-1)?.[1];
    };
    const used = (store: string) => value(`tracekeep:store_used:bytes{store="${store}"}`);
    const firing = async () => {
      const { series } = await promInstant(
        stack,
        'ALERTS{alertstate="firing",alertname=~"Store.*"}',
        Date.now() / 1000,
      );
      return [...new Set(series.map(({ labels }) => `${labels.alertname} ${labels.store}`))];
    };
    const blocks = () => onDisk(join(stack.layout("tempo").data, "blocks"));

    beforeAll(async () => {
      home = await mkdtemp(join(tmpdir(), "tracekeep-home-"));
      stack = await startStack({
        config,
        services: ["tempo", "loki", "prometheus", "collector"],
        mutate: (workload, places) =>
          soon.reduce((done, mutation) => mutation(done, places), workload),
        before: remember,
      });
      for (let round = 0; round < 90; round++) await fill(stack);
    }, 90_000);
    afterAll(async () => {
      await stack?.stop();
      await rm(home, { recursive: true, force: true });
    }, 60_000);

    test("what each has on its volume is what is on its disk", async () => {
      await eventually(
        async () => {
          for (const store of ["tempo", "loki", "prometheus"] as const) {
            const share = (await used(store))! / onDisk(stack.layout(store).data);
            const close = share > 0.75 && share < 1.25;
            expect({ store, share, close }).toMatchObject({ store, close: true });
          }
        },
        { timeout: 40_000, interval: 1000 },
      );
    }, 50_000);

    test("a store that fills its budget is an alert, one with room is none", async () => {
      await eventually(async () => expect(await firing()).toEqual(["StoreFills tempo"]), {
        timeout: 30_000,
        interval: 500,
      });
    }, 40_000);

    test("`space` goes by what was measured, and names the lines that fit", async () => {
      const { code, stdout, stderr } = await space(stack, ["--fit"], home);
      expect(stderr).toBe("");
      expect(code).toBe(2);
      // 2 GiB a day, two days of it remembered; Tempo is younger, and its load is the stated one.
      expect(stdout).toMatch(/^loki +\S+ \S+ +1Gi +(1\.9|2\.0) GiB +\S+( days)? +168h +nothing$/m);
      expect(stdout).toMatch(
        /^tempo +\S+ MiB +64Mi +8\.0 GiB \(stated\) +(full|0\.0 days) +168h +nothing$/m,
      );
      expect(stdout).toMatch(
        /^loki cannot keep retention\.logs: 168h of what was measured in the last day/m,
      );
      expect(stdout).toMatch(/not even 24h fit into space\.loki: 1Gi/);
    }, 30_000);

    test("a shorter retention of Tempo gives the room back, of what came before it too", async () => {
      const before = blocks();
      await stack.kill("tempo");
      await stack.startReplica(
        "tempo",
        0,
        edited("tempo", "tempo.yaml", (content) => tempoShort(tempoSoon(content))),
      );
      await eventually(() => Promise.resolve(expect(blocks()).toBeLessThan(before / 10)), {
        timeout: 60_000,
        interval: 1000,
      });
    }, 90_000);
  },
);
