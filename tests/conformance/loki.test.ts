import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { openListeners } from "../../components/stack/connections";
import { parseConfig } from "../../config/parse";
import { eventually } from "../helpers/ports";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { expectRefusals, servedSerial } from "../helpers/refusals";
import { get, linesInLoki, pushLog } from "../helpers/requests";
import { programPath } from "../helpers/servers";
import { describeWith } from "../helpers/skip";

const config = parseConfig({}, { stack: "dev", environment: {} });
const mtls = Object.entries(openListeners(config, "loki")).filter(
  ([, { security }]) => security === "mtls",
);
const traceId = () => randomBytes(16).toString("hex");

describeWith(["loki"], "Loki with the stack's own documents", () => {
  let stack: ProcessStack;
  beforeAll(async () => {
    stack = await startStack({ config, services: ["loki"] });
  }, 90_000);
  afterAll(() => stack?.stop(), 60_000);

  const expectLine = (query: string, line: string) =>
    eventually(async () => expect(await linesInLoki(stack, query)).toContain(line), {
      timeout: 20_000,
    });

  test("takes its own document for valid", () => {
    const { args } = stack.workloads.loki ?? { args: [] };
    expect(() =>
      execFileSync(programPath("loki"), ["-verify-config", ...args], { stdio: "pipe" }),
    ).not.toThrow();
  });

  test("gives a line back by its trace id", async () => {
    const id = traceId();
    await pushLog(stack, "a line with a trace", id);
    await expectLine(`{service_name="conformance"} | trace_id="${id}"`, "a line with a trace");
  }, 30_000);

  test("has service and environment as its only labels", async () => {
    const id = traceId();
    await pushLog(stack, "a labelled line", id, {
      "service.name": "labelled",
      "deployment.environment.name": "dev",
      "service.instance.id": "one",
    });
    await expectLine(
      `{service_name="labelled", deployment_environment_name="dev"} | service_instance_id="one"`,
      "a labelled line",
    );
    const { body } = await get(
      stack,
      "loki",
      `/loki/api/v1/series?match[]=${encodeURIComponent('{service_name="labelled"}')}`,
    );
    expect((JSON.parse(body) as { data: unknown }).data).toEqual([
      { service_name: "labelled", deployment_environment_name: "dev" },
    ]);
  }, 30_000);

  test("cuts a line that is too long instead of refusing it", async () => {
    const id = traceId();
    await pushLog(stack, "x".repeat(config.tuning.loki.maxLineSize + 100), id);
    await expectLine(
      `{service_name="conformance"} | trace_id="${id}"`,
      "x".repeat(config.tuning.loki.maxLineSize),
    );
  }, 30_000);

  test("serves services, and refuses applications, strangers and plaintext on every listener", async () => {
    await expectRefusals(stack, "loki");
  }, 60_000);

  test.each(["SIGTERM", "SIGKILL"] as const)(
    "keeps what it has through %s",
    async (signal) => {
      const id = traceId();
      await pushLog(stack, `before ${signal}`, id);
      await stack.kill("loki", signal);
      await stack.restart("loki");
      await expectLine(`{service_name="conformance"} | trace_id="${id}"`, `before ${signal}`);
    },
    120_000,
  );

  test("answers where the compactor is asked for deletions", async () => {
    const { status } = await get(stack, "loki", "/loki/api/v1/delete");
    expect(status).toBe(200);
  });

  test.each(mtls.map(([name]) => name))(
    "serves a renewed certificate on %s without a restart",
    async (listener) => {
      const before = await servedSerial(stack, "loki", listener);
      const { pid } = stack.process("loki");
      const renewed = await stack.pki.reissue("loki");
      expect(renewed).not.toBe(before);
      await eventually(
        async () => expect(await servedSerial(stack, "loki", listener)).toBe(renewed),
        { timeout: 15_000 },
      );
      expect(stack.process("loki").pid).toBe(pid);
    },
    30_000,
  );

  test("has no part that fails to dial another", () => {
    const broken = /x509|server preface|bad certificate|connection refused/;
    const lines = stack.log("loki", 10_000).split("\n");
    expect(lines.filter((line) => broken.test(line) && !/handshake/.test(line))).toEqual([]);
  });

  test("writes nothing beside its data", () => {
    // Its working directory, home and temporary directory are read-only in a container.
    expect(readdirSync(stack.layout("loki").scratch)).toEqual([]);
  });
});
