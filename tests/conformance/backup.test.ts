import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { extract } from "tar-stream";
import { qdrantSnapshots, restoreQdrant } from "../../commands/backup/qdrant";
import { parseConfig } from "../../config/parse";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { askQdrant } from "../helpers/qdrant";
import { describeWith } from "../helpers/skip";

const config = parseConfig({}, { stack: "dev", environment: {} });
const KEY = "write-key";
/** Vectors enough for a snapshot of more than one piece, and no two alike: 710 is nearly 226 π. */
const POINTS = 700;

describeWith(["qdrant"], "Snapshots of Qdrant, through its API", () => {
  let stack: ProcessStack;
  const ask = async (method: string, path: string, body?: unknown) => {
    const { status, body: answer } = await askQdrant(stack, method, path, KEY, body);
    if (status !== 200) throw new Error(`${method} ${path}: ${status} ${answer}`);
    return (JSON.parse(answer) as { result: unknown }).result;
  };
  const fill = async (name: string, count: number) => {
    const place = `/collections/${encodeURIComponent(name)}`;
    await ask("PUT", place, { vectors: { size: 2, distance: "Cosine" } });
    const points = Array.from({ length: count }, (_, id) => ({
      id,
      vector: [Math.cos(id), Math.sin(id)],
      payload: { text: `point ${id}` },
    }));
    await ask("PUT", `${place}/points?wait=true`, { points });
  };

  beforeAll(async () => {
    stack = await startStack({
      config,
      services: ["qdrant"],
      secrets: { qdrantApiKey: KEY, qdrantReadOnlyKey: "read-key" },
    });
    await fill("notes", POINTS);
    await fill("other notes", 3);
    await fill("tracekeep_verify_0123", 1);
    await ask("POST", "/collections/aliases", {
      actions: [{ create_alias: { collection_name: "notes", alias_name: "current" } }],
    });
  }, 60_000);
  afterAll(() => stack?.stop(), 60_000);

  let snapshots: Buffer;

  test("are taken while it serves, and none is left there", async () => {
    snapshots = await buffer(qdrantSnapshots(stack.target()));
    expect(await ask("GET", "/collections/notes/snapshots")).toEqual([]);
  }, 60_000);

  test("bring vectors, payloads and aliases back into one that has nothing", async () => {
    for (const name of ["notes", "other notes", "tracekeep_verify_0123"]) {
      await ask("DELETE", `/collections/${encodeURIComponent(name)}`);
    }
    await restoreQdrant(stack.target(), Readable.from([snapshots]));
    // What `verify` leaves for a moment is none of it.
    const { collections } = (await ask("GET", "/collections")) as { collections: unknown[] };
    expect(collections).toHaveLength(2);
    const found = await ask("POST", "/collections/current/points/query", {
      query: [Math.cos(567), Math.sin(567)],
      limit: 1,
      with_payload: true,
    });
    expect(found).toMatchObject({ points: [{ id: 567, payload: { text: "point 567" } }] });
    expect(await ask("POST", "/collections/notes/points/count", { exact: true })).toEqual({
      count: POINTS,
    });
  }, 60_000);

  test("that are not what they were are refused", async () => {
    const damaged = Buffer.from(snapshots);
    // In the midst of a snapshot; heads of entries are at its ends.
    damaged[damaged.length >> 1] ^= 1;
    await expect(restoreQdrant(stack.target(), Readable.from([damaged]))).rejects.toThrow(
      /^Qdrant answered 4\d\d to POST /,
    );
  }, 60_000);

  test("name what went wrong: a wrong key", async () => {
    const target = stack.target();
    const wrong = { ...target, qdrant: { apiKey: "wrong", readOnlyKey: "wrong" } };
    await expect(buffer(qdrantSnapshots(wrong))).rejects.toThrow(
      "Qdrant answered 401 to GET /collections",
    );
    const names: string[] = [];
    const entries = extract();
    Readable.from([snapshots]).pipe(entries);
    for await (const entry of entries) {
      names.push(entry.header.name);
      entry.resume();
    }
    expect(names).toEqual(["0.json", "0.snapshot", "1.json", "1.snapshot"]);
  }, 60_000);
});
