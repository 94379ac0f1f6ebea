import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { parseConfig } from "../../config/parse";
import type { ServiceName } from "../../config/services";
import { eventually } from "../helpers/ports";
import { PRIVATE_CA } from "../helpers/private-ca";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { expectStored, get, linesInLoki, pushLog, pushTrace } from "../helpers/requests";
import { startS3, type S3Server } from "../helpers/s3-server";
import { describeWith } from "../helpers/skip";

function s3Options({ endpoint, bucket, ca, accessKeyId, secretAccessKey }: S3Server) {
  return { kind: "s3", prefix: "stack", endpoint, bucket, ca, accessKeyId, secretAccessKey };
}

/** Ends a service, deletes its local data, and starts it again. */
async function restartEmpty(stack: ProcessStack, service: ServiceName): Promise<void> {
  await stack.kill(service, "SIGTERM");
  const { data } = stack.layout(service);
  for (const name of readdirSync(data)) await rm(join(data, name), { recursive: true });
  await stack.restart(service);
}

const stored = (server: S3Server, pattern: RegExp) =>
  eventually(
    async () => expect(await server.objects()).toContainEqual(expect.stringMatching(pattern)),
    {
      timeout: 40_000,
      interval: 500,
    },
  );

describeWith(["tempo", "versitygw"], "Tempo with an S3 server that speaks TLS", () => {
  let server: S3Server;
  let stack: ProcessStack;
  beforeAll(async () => {
    server = await startS3("traces");
    const config = parseConfig(
      { storage: { tempo: s3Options(server) } },
      { stack: "prod", environment: {} },
    );
    // A block reaches the bucket when it is this old; the least that the options take is a minute.
    config.tuning.tempo.maxBlockDuration = 3;
    stack = await startStack({
      config,
      services: ["tempo"],
      secrets: {
        tempoS3AccessKeyId: server.accessKeyId,
        tempoS3SecretAccessKey: server.secretAccessKey,
      },
    });
  }, 60_000);
  afterAll(async () => {
    await stack?.stop();
    await server?.stop();
  }, 60_000);

  test("stores traces under the prefix and reads them back without any local data", async () => {
    const made = await pushTrace(stack);
    await stored(server, /^stack\/single-tenant\/[^/]+\/meta\.json$/);
    await restartEmpty(stack, "tempo");
    await expectStored(stack, made);
  }, 120_000);

  test("shows no secret in its documents", () => {
    const { files = [], env = {} } = stack.workloads.tempo ?? {};
    const shown = JSON.stringify({ files, env });
    expect(shown).toContain("s3-credentials");
    expect(shown).not.toContain(server.secretAccessKey);
  });
});

describeWith(["loki", "versitygw"], "Loki with an S3 server that speaks TLS", () => {
  let server: S3Server;
  let stack: ProcessStack;
  beforeAll(async () => {
    server = await startS3("logs");
    stack = await startStack({
      config: parseConfig(
        { storage: { loki: s3Options(server) } },
        { stack: "prod", environment: {} },
      ),
      services: ["loki"],
      secrets: {
        lokiS3AccessKeyId: server.accessKeyId,
        lokiS3SecretAccessKey: server.secretAccessKey,
      },
    });
  }, 60_000);
  afterAll(async () => {
    await stack?.stop();
    await server?.stop();
  }, 60_000);

  test("stores lines under the prefix and reads them back without any local data", async () => {
    const id = randomBytes(16).toString("hex");
    await pushLog(stack, "a line for the bucket", id);
    const { status } = await get(stack, "loki", "/flush", { method: "POST" });
    expect(status).toBe(204);
    await stored(server, /^stack\/fake\//);
    await restartEmpty(stack, "loki");
    await stored(server, /^stack\/index\//);
    await eventually(
      async () =>
        expect(await linesInLoki(stack, `{service_name="conformance"} | trace_id="${id}"`)).toEqual(
          ["a line for the bucket"],
        ),
      { timeout: 20_000 },
    );
  }, 150_000);
});

/** The services that store in S3, with what makes each of them write, and the bucket's name. */
const STORES = {
  tempo: { bucket: "traces", make: (stack: ProcessStack) => pushTrace(stack) },
  loki: { bucket: "logs", make: (stack: ProcessStack) => flushedLog(stack) },
} as const;

async function flushedLog(stack: ProcessStack): Promise<void> {
  await pushLog(stack, "a line for nobody", randomBytes(16).toString("hex"));
  await get(stack, "loki", "/flush", { method: "POST" });
}

describe.each(["tempo", "loki"] as const)("An S3 server whose CA %s does not trust", (service) => {
  describeWith([service, "versitygw"], `for ${service}`, () => {
    let server: S3Server;
    let stack: ProcessStack;
    beforeAll(async () => {
      const { bucket } = STORES[service];
      server = await startS3(bucket);
      const config = parseConfig(
        { storage: { [service]: { ...s3Options(server), ca: PRIVATE_CA } } },
        { stack: "prod", environment: {} },
      );
      config.tuning.tempo.maxBlockDuration = 3;
      stack = await startStack({
        config,
        services: [service],
        waitReady: false,
        secrets: {
          [`${service}S3AccessKeyId`]: server.accessKeyId,
          [`${service}S3SecretAccessKey`]: server.secretAccessKey,
        },
      });
    }, 60_000);
    afterAll(async () => {
      await stack?.stop();
      await server?.stop();
    }, 60_000);

    test("gets nothing, and the log says that its certificate is not trusted", async () => {
      await STORES[service].make(stack).catch(() => undefined);
      await eventually(
        () => {
          expect(stack.log(service, 500)).toMatch(/x509: certificate signed by unknown authority/);
          return Promise.resolve();
        },
        { timeout: 60_000, interval: 500 },
      );
      expect(await server.objects()).toEqual([]);
    }, 90_000);
  });
});
