import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { createServer as createPlainServer } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { newRun } from "../../components/verification/run";
import { makeTrace, sendTrace, type MadeTrace } from "../../components/verification/traffic";
import { parseConfig } from "../../config/parse";
import { eventually, freePort } from "../helpers/ports";
import { editFiles, startStack, type ProcessStack } from "../helpers/process-stack";
import { clientIdentity, expectRefusals, rootCertificate, servedSerial } from "../helpers/refusals";
import { addressIn, get, identityIn } from "../helpers/requests";
import { describeWith } from "../helpers/skip";

const config = parseConfig({}, { stack: "dev", environment: {} });

/** What it does once a minute or every 15 s is too seldom to wait for. */
const soon = editFiles("jaeger", ({ path, content }) => {
  expect(content).toContain("reload_interval: 15s");
  expect(content).toContain("interval: 15000");
  const text = content.replaceAll("reload_interval: 15s", "reload_interval: 1s");
  return { path, content: text.replace("interval: 15000", "interval: 1000") };
});

async function pushTrace(stack: ProcessStack): Promise<MadeTrace> {
  const made = makeTrace(newRun(), config.environment, 2);
  await sendTrace(
    { address: addressIn(stack, "jaeger", "otlpGrpc"), identity: identityIn(stack, "collector") },
    made,
  );
  return made;
}

async function expectStored(stack: ProcessStack, { traceId, spanIds }: MadeTrace): Promise<void> {
  await eventually(async () => {
    const { status, body } = await get(stack, "jaeger", `/api/traces/${traceId}`);
    expect(status).toBe(200);
    const { data } = JSON.parse(body) as { data: { spans: { spanID: string }[] }[] };
    const found = data.flatMap(({ spans }) => spans.map(({ spanID }) => spanID));
    expect(found.sort()).toEqual([...spanIds].sort());
  });
}

describeWith(["jaeger", "prometheus"], "Jaeger with the stack's own documents", () => {
  let stack: ProcessStack;
  /** Where spans of its own would go, and how often somebody came. */
  const own = createPlainServer((socket) => {
    visits++;
    socket.destroy();
  });
  let visits = 0;
  beforeAll(async () => {
    const port = await freePort();
    await new Promise<void>((done) => own.listen(port, "127.0.0.1", done));
    const OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${port}`;
    stack = await startStack({
      config,
      services: ["jaeger", "prometheus"],
      mutate: (workload, places) => {
        const { env, ...rest } = soon(workload, places);
        return { ...rest, env: { ...env, OTEL_EXPORTER_OTLP_ENDPOINT } };
      },
    });
  }, 60_000);
  afterAll(async () => {
    own.close();
    await stack?.stop();
  }, 60_000);

  test("sends no spans of its own", async () => {
    await expectStored(stack, await pushTrace(stack));
    // Its SDK would send them every 5 s.
    await setTimeout(7000);
    expect(visits).toBe(0);
  }, 30_000);

  test("gives a trace back by its id", async () => {
    await expectStored(stack, await pushTrace(stack));
  }, 30_000);

  test("serves services, and refuses applications, strangers and plaintext on every listener", async () => {
    await expectRefusals(stack, "jaeger");
  }, 60_000);

  test("keeps what it has through a restart and a kill", async () => {
    const made = await pushTrace(stack);
    await expectStored(stack, made);
    await stack.restart("jaeger");
    await expectStored(stack, made);
    await stack.kill("jaeger");
    await stack.restart("jaeger");
    await expectStored(stack, made);
  }, 90_000);

  test("pushes its own metrics to Prometheus, under the names that the alerts ask for", async () => {
    await pushTrace(stack);
    const names = [
      'target_info{job="jaeger"}',
      'otelcol_receiver_accepted_spans_total{job="jaeger"}',
      'otelcol_exporter_sent_spans_total{job="jaeger"}',
    ];
    for (const query of names) {
      const path = `/api/v1/query?${new URLSearchParams({ query }).toString()}`;
      await eventually(async () => {
        const { body } = await get(stack, "prometheus", path);
        const { data } = JSON.parse(body) as { data: { result: { value: [number, string] }[] } };
        expect({ query, found: data.result.length > 0 }).toEqual({ query, found: true });
        expect(Number(data.result[0].value[1])).toBeGreaterThan(0);
      });
    }
  }, 60_000);

  test.each(["otlpGrpc", "http", "grpc"])(
    "serves a renewed certificate on %s without a restart",
    async (listener) => {
      const { pid } = stack.process("jaeger");
      const before = await servedSerial(stack, "jaeger", listener);
      const renewed = await stack.pki.reissue("jaeger");
      expect(renewed).not.toBe(before);
      await eventually(async () =>
        expect(await servedSerial(stack, "jaeger", listener)).toBe(renewed),
      );
      expect(stack.process("jaeger").pid).toBe(pid);
    },
    60_000,
  );

  test("pushes its metrics with a renewed certificate without a restart", async () => {
    // In Prometheus' place: who calls, by the serial of the client certificate.
    await stack.kill("prometheus", "SIGTERM");
    const { cert, key } = clientIdentity(stack.pki, "prometheus");
    const serials: string[] = [];
    const ca = [
      rootCertificate(stack.pki),
      readFileSync(join(stack.pki.trust, "services.crt"), "utf8"),
    ];
    const server: Server = createServer(
      { cert, key, ca, requestCert: true, rejectUnauthorized: true },
      (request, response) => {
        serials.push((request.socket as TLSSocket).getPeerCertificate().serialNumber);
        request.resume();
        // Each push is to be a connection, and so a handshake, of its own.
        response.writeHead(200, { connection: "close" }).end();
      },
    );
    const port = stack.port("prometheus", "http");
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    try {
      const { pid } = stack.process("jaeger");
      await eventually(() => Promise.resolve(expect(serials.length).toBeGreaterThan(0)));
      const renewed = await stack.pki.reissue("jaeger");
      expect(serials).not.toContain(renewed);
      await eventually(() => Promise.resolve(expect(serials).toContain(renewed)));
      expect(stack.process("jaeger").pid).toBe(pid);
    } finally {
      server.closeAllConnections();
      server.close();
      await stack.restart("prometheus");
    }
  }, 90_000);
});
