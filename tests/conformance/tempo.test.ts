import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { openListeners } from "../../components/stack/connections";
import { parseConfig } from "../../config/parse";
import { eventually } from "../helpers/ports";
import { editFiles, startStack, type ProcessStack } from "../helpers/process-stack";
import { expectRefusals, servedSerial } from "../helpers/refusals";
import { expectStored, get, pushTrace } from "../helpers/requests";
import { programPath } from "../helpers/servers";
import { describeWith } from "../helpers/skip";

const config = parseConfig({}, { stack: "dev", environment: {} });
const mtls = Object.entries(openListeners(config, "tempo")).filter(
  ([, { security }]) => security === "mtls",
);

/** The receiver looks for a renewed certificate once an hour: too seldom to wait for. */
const reloadSoon = editFiles("tempo", ({ path, content }) => {
  expect(content).toContain("reload_interval: 15s");
  return { path, content: content.replace("reload_interval: 15s", "reload_interval: 1s") };
});

describeWith(["tempo"], "Tempo with the stack's own documents", () => {
  let stack: ProcessStack;
  beforeAll(async () => {
    stack = await startStack({ config, services: ["tempo"], mutate: reloadSoon });
  }, 60_000);
  afterAll(() => stack?.stop(), 60_000);

  test("takes its own document for valid, without a warning", () => {
    const { args } = stack.workloads.tempo ?? { args: [] };
    const { status, stdout, stderr } = spawnSync(
      programPath("tempo"),
      ["-config.verify", ...args],
      { encoding: "utf8" },
    );
    expect([status, `${stdout}${stderr}`]).toEqual([
      0,
      expect.not.stringMatching(/level=(warn|error)/),
    ]);
  });

  test("gives a trace back by its id within 2 s of its being sent", async () => {
    await expectStored(stack, await pushTrace(stack), 2000);
  }, 30_000);

  test("serves services, and refuses applications, strangers and plaintext on every listener", async () => {
    await expectRefusals(stack, "tempo");
  }, 60_000);

  test("keeps what it has through a restart", async () => {
    const made = await pushTrace(stack);
    await stack.restart("tempo");
    await expectStored(stack, made);
  }, 60_000);

  test("keeps what it has had for 5 s through a kill", async () => {
    const made = await pushTrace(stack);
    await new Promise((resolve) => setTimeout(resolve, 5000));
    await stack.kill("tempo");
    await stack.restart("tempo");
    await expectStored(stack, made);
  }, 60_000);

  test("finds a trace by TraceQL once it is older than the cut-off", async () => {
    const made = await pushTrace(stack);
    const search = new URLSearchParams({
      q: `{ resource.service.name = "tracekeep-verify-search" && trace:id = "${made.traceId}" }`,
    });
    await eventually(
      async () => {
        const { body } = await get(stack, "tempo", `/api/search?${search.toString()}`);
        expect(body).toContain(made.traceId.replace(/^0+/, ""));
      },
      { timeout: 50_000, interval: 1000 },
    );
  }, 60_000);

  test("discards nothing and connects each of its parts", async () => {
    const { body } = await get(stack, "tempo", "/metrics");
    expect(body).not.toMatch(/^tempo_discarded_spans_total\{.*\} [1-9]/m);
    const broken = /x509|server preface|bad certificate|tls: /;
    const lines = stack.log("tempo", 10_000).split("\n");
    // What the refusal test provoked stands in the log of the listeners, not of the clients.
    expect(lines.filter((line) => broken.test(line) && !/handshake/.test(line))).toEqual([]);
  });

  test.each(mtls.map(([name]) => name))(
    "serves a renewed certificate on %s without a restart",
    async (listener) => {
      const before = await servedSerial(stack, "tempo", listener);
      const pid = stack.process("tempo").pid;
      const renewed = await stack.pki.reissue("tempo");
      expect(renewed).not.toBe(before);
      await eventually(
        async () => expect(await servedSerial(stack, "tempo", listener)).toBe(renewed),
        { timeout: 15_000 },
      );
      expect(stack.process("tempo").pid).toBe(pid);
    },
    30_000,
  );

  test("writes nothing beside its data", () => {
    // Its working directory, home and temporary directory are read-only in a container.
    expect(readdirSync(stack.layout("tempo").scratch)).toEqual([]);
  });
});
