import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parseConfig } from "../../config/parse";
import { issuePki, type Pki } from "../helpers/pki";
import { eventually, freePort } from "../helpers/ports";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { clientIdentity, expectRefusals, rootCertificate, servedSerial } from "../helpers/refusals";
import { get, identityIn } from "../helpers/requests";
import { programPath } from "../helpers/servers";
import { describeWith } from "../helpers/skip";

const run = promisify(execFile);

/** Counters of a service whose every second request fails, with samples of the last seconds. */
function failingService(name: string) {
  const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } });
  const points = ["STATUS_CODE_UNSET", "STATUS_CODE_ERROR"].flatMap((status) =>
    [8, 4, 0].map((secondsAgo) => ({
      attributes: [
        attribute("service.name", name),
        attribute("span.kind", "SPAN_KIND_SERVER"),
        attribute("status.code", status),
      ],
      startTimeUnixNano: `${Date.now() - 60_000}000000`,
      timeUnixNano: `${Date.now() - secondsAgo * 1000}000000`,
      asInt: String(100 - secondsAgo * 10),
    })),
  );
  return {
    resourceMetrics: [
      {
        resource: { attributes: [attribute("service.name", name)] },
        scopeMetrics: [
          {
            metrics: [
              {
                name: "traces.spanmetrics.calls",
                sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: points },
              },
            ],
          },
        ],
      },
    ],
  };
}

describeWith(
  ["alertmanager", "amtool", "prometheus"],
  "Alertmanager with the stack's own documents",
  () => {
    let stack: ProcessStack;
    let outside: string;
    let webhook: Server;
    const delivered: { path: string; body: string }[] = [];

    const receive = async (pki: Pki, port: number) => {
      const { cert, key } = clientIdentity(pki, "webhook");
      webhook = createServer({ cert, key }, (request, response) => {
        const chunks: Buffer[] = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.on("end", () => {
          delivered.push({ path: request.url ?? "", body: Buffer.concat(chunks).toString() });
          response.end();
        });
      });
      await new Promise<void>((resolve) => webhook.listen(port, "127.0.0.1", resolve));
    };

    beforeAll(async () => {
      outside = await mkdtemp(join(tmpdir(), "tracekeep-webhook-"));
      const outsidePki = await issuePki(outside, [
        {
          name: "webhook",
          issuer: "services",
          dnsNames: ["localhost"],
          ipAddresses: [],
          uses: ["digital_signature", "server_auth"],
        },
      ]);
      const port = await freePort();
      await receive(outsidePki, port);
      const url = `https://localhost:${port}/hook/t0ken`;
      const config = parseConfig(
        {
          tuning: { prometheus: { scrapeInterval: "1s" } },
          alerts: {
            interval: "1s",
            lookback: "30s",
            webhook: { url, ca: readFileSync(join(outsidePki.trust, "root.crt"), "utf8") },
          },
        },
        { stack: "dev", environment: {} },
      );
      stack = await startStack({
        config,
        services: ["alertmanager", "prometheus"],
        secrets: { alertWebhookUrl: url },
      });
    }, 60_000);
    afterAll(async () => {
      await stack?.stop();
      webhook?.closeAllConnections();
      webhook?.close();
      await rm(outside, { recursive: true, force: true });
    }, 60_000);

    test("amtool accepts the configuration", async () => {
      const file = join(stack.layout("alertmanager").config, "alertmanager.yml");
      const { stdout } = await run(programPath("amtool"), ["check-config", file]);
      expect(stdout).toMatch(/SUCCESS[\s\S]*1 receivers/);
    }, 30_000);

    test("serves services, and refuses applications, strangers and plaintext", async () => {
      await expectRefusals(stack, "alertmanager");
    }, 30_000);

    test("its probe says yes, and no where nothing answers", async () => {
      const probe = stack.workloads.alertmanager?.probe;
      if (probe?.kind !== "exec") throw new Error("Alertmanager has no probe");
      const [, ...args] = probe.command;
      await run(programPath("amtool"), args);
      const closed = args.map((arg) =>
        arg.replace(/https:\/\/localhost:\d+/, "https://localhost:9"),
      );
      await expect(run(programPath("amtool"), closed)).rejects.toThrow(/refused/);
    }, 30_000);

    test("an alert travels from Prometheus' rule to the webhook behind a private CA", async () => {
      expect(rootCertificate(stack.pki)).not.toBe(
        readFileSync(join(outside, "trust", "root.crt"), "utf8"),
      );
      const { status } = await get(stack, "prometheus", "/api/v1/otlp/v1/metrics", {
        identity: identityIn(stack, "collector"),
        headers: { "content-type": "application/json" },
        body: JSON.stringify(failingService("shop")),
      });
      expect(status).toBe(200);
      const isOurs = (text: string) => text.includes("ServiceErrorRateHigh");
      await eventually(
        async () => {
          const { body } = await get(stack, "alertmanager", "/api/v2/alerts");
          expect(isOurs(body)).toBe(true);
        },
        { timeout: 20_000 },
      );
      await eventually(
        () => {
          const found = delivered.find(({ body }) => isOurs(body));
          expect(found?.path).toBe("/hook/t0ken");
          expect(found?.body).toContain('"service_name":"shop"');
          return Promise.resolve();
        },
        { timeout: 40_000 },
      );
    }, 90_000);

    test("serves a renewed certificate without a restart", async () => {
      const { pid } = stack.process("alertmanager");
      const before = await servedSerial(stack, "alertmanager", "http");
      const renewed = await stack.pki.reissue("alertmanager");
      expect(renewed).not.toBe(before);
      await eventually(async () =>
        expect(await servedSerial(stack, "alertmanager", "http")).toBe(renewed),
      );
      expect(stack.process("alertmanager").pid).toBe(pid);
    }, 30_000);
  },
);
