import { parseConfig } from "../../config/parse";
import { eventually, isListening } from "../helpers/ports";
import { startStack, type Mutation, type ProcessStack } from "../helpers/process-stack";
import { expectRefusals, servedSerial } from "../helpers/refusals";
import { askQdrant } from "../helpers/qdrant";
import { get } from "../helpers/requests";
import { describeWith } from "../helpers/skip";

const config = parseConfig(
  { tuning: { prometheus: { scrapeInterval: "1s" } } },
  { stack: "dev", environment: {} },
);
const SECRETS = { qdrantApiKey: "write-key", qdrantReadOnlyKey: "read-key" };

/** It looks for a renewed certificate once a minute: too seldom to wait for. */
const reloadSoon: Mutation = (workload) => ({
  ...workload,
  secretFiles: workload.secretFiles.map((file) => ({
    ...file,
    render: (values) => file.render(values).replace(/cert_ttl: \d+/, "cert_ttl: 1"),
  })),
});

const withoutDocument: Mutation = (workload) => ({ ...workload, secretFiles: [] });

const nearest = async (stack: ProcessStack): Promise<number> => {
  const { status, body } = await askQdrant(
    stack,
    "POST",
    "/collections/notes/points/query",
    "read-key",
    {
      query: [0.9, 0.1],
      limit: 1,
    },
  );
  if (status !== 200) throw new Error(`Qdrant answered ${status}: ${body}`);
  return (JSON.parse(body) as { result: { points: { id: number }[] } }).result.points[0].id;
};

describeWith(["qdrant", "prometheus"], "Qdrant with the stack's own document", () => {
  let stack: ProcessStack;
  beforeAll(async () => {
    stack = await startStack({
      config,
      services: ["qdrant", "prometheus"],
      secrets: SECRETS,
      mutate: reloadSoon,
    });
  }, 60_000);
  afterAll(() => stack?.stop(), 60_000);

  test("stores vectors of an application with the key, and finds them, also after a restart", async () => {
    const created = await askQdrant(stack, "PUT", "/collections/notes", "write-key", {
      vectors: { size: 2, distance: "Cosine" },
    });
    expect(created.status).toBe(200);
    const upserted = await askQdrant(
      stack,
      "PUT",
      "/collections/notes/points?wait=true",
      "write-key",
      {
        points: [
          { id: 1, vector: [1, 0] },
          { id: 2, vector: [0, 1] },
        ],
      },
    );
    expect(upserted.status).toBe(200);
    expect(await nearest(stack)).toBe(1);
    await stack.restart("qdrant");
    expect(await nearest(stack)).toBe(1);
  }, 60_000);

  test("serves services and applications, and refuses strangers and plaintext", async () => {
    await expectRefusals(stack, "qdrant");
  }, 30_000);

  test.each([
    ["no key", undefined, "GET", [401]],
    ["a wrong key", "guess", "GET", [401, 403]],
    ["the read-only key for writing", "read-key", "PUT", [401, 403]],
  ])("refuses %s", async (_, key, method, refusals) => {
    const body = method === "PUT" ? { vectors: { size: 2, distance: "Dot" } } : undefined;
    const { status } = await askQdrant(stack, method, "/collections/other", key, body);
    expect(refusals).toContain(status);
  });

  test("opens no gRPC port, which could not check certificates", async () => {
    expect(await isListening(6334)).toBe(false);
    expect(stack.log("qdrant", 1000)).not.toMatch(/gRPC listening/i);
  });

  test("shows its metrics to Prometheus with the read-only key", async () => {
    const parameters = new URLSearchParams({ query: 'up{job="qdrant"}' });
    await eventually(async () => {
      const { body } = await get(stack, "prometheus", `/api/v1/query?${parameters.toString()}`);
      const { data } = JSON.parse(body) as { data: { result: { value: [number, string] }[] } };
      expect(data.result[0]?.value[1]).toBe("1");
    });
    const { status } = await askQdrant(stack, "GET", "/metrics");
    expect(status).toBe(401);
  }, 40_000);

  test("serves a renewed certificate without a restart", async () => {
    const { pid } = stack.process("qdrant");
    const before = await servedSerial(stack, "qdrant", "rest");
    const renewed = await stack.pki.reissue("qdrant");
    expect(renewed).not.toBe(before);
    await eventually(async () => expect(await servedSerial(stack, "qdrant", "rest")).toBe(renewed));
    expect(stack.process("qdrant").pid).toBe(pid);
  }, 60_000);

  test("does not start open when its document is missing", async () => {
    const open = startStack({ config, services: ["qdrant"], mutate: withoutDocument });
    await expect(open.then((started) => started.stop())).rejects.toThrow(/ended at its start/);
  }, 60_000);
});
