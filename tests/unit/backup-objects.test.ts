import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { extract } from "tar-stream";
import { backupWords } from "../../commands/backup";
import type { Bucket } from "../../commands/backup/bucket";
import type { Manifest } from "../../commands/backup/manifest";
import { expectEmpty, putObjects, readObjects } from "../../commands/backup/objects";
import { plansOf } from "../../commands/backup/plan";
import type { Mark } from "../../commands/backup/progress-mark";
import { takeBuckets } from "../../commands/backup/restore";
import { bucketOptions } from "../../commands/backup/stack-buckets";
import { references } from "../../commands/backup/stores";
import type { Stores } from "../../commands/hosts/stores";
import { restoreWords } from "../../commands/restore";
import { parseConfig } from "../../config/parse";
import { FakeBucket } from "../helpers/fake-bucket";

const MI = 2 ** 20;

/** Names in a tar, in their order. */
async function namesIn(tar: Buffer): Promise<string[]> {
  const names: string[] = [];
  const entries = extract();
  Readable.from([tar]).pipe(entries);
  for await (const entry of entries) {
    names.push(entry.header.name);
    entry.resume();
  }
  return names;
}

const copied = async (bucket: Bucket) => buffer(readObjects(bucket));
async function back(tar: Buffer): Promise<FakeBucket> {
  const bucket = new FakeBucket();
  await putObjects(bucket, Readable.from([tar]));
  return bucket;
}

describe("the objects of a bucket", () => {
  test("come back under their names, small, large and empty ones", async () => {
    const long = `fake/${"a".repeat(200)}/ä b:1-2`;
    const objects = { [long]: "chunk", large: Buffer.alloc(3 * MI, 7), "z/empty": "" };
    const bucket = new FakeBucket(objects);
    const restored = await back(await copied(bucket));
    expect([...restored.objects.keys()].sort()).toEqual(Object.keys(objects).sort());
    expect(restored.objects.get(long)?.toString()).toBe("chunk");
    expect(restored.objects.get("large")?.equals(objects.large)).toBe(true);
    expect(bucket.listings).toBe(2);
  });

  test("that are gone when their turn comes are left out; what came of them is added", async () => {
    const bucket = new FakeBucket({ a: "1", b: "2", c: "3" });
    bucket.beforeRead = (name) => {
      if (name !== "b") return;
      bucket.objects.delete("b");
      bucket.put("2+3", "23");
    };
    const tar = await copied(bucket);
    expect(await namesIn(tar)).toEqual(["a", "c", "2+3"]);
    expect((await back(tar)).text).toEqual({ a: "1", c: "3", "2+3": "23" });
    expect(bucket.listings).toBe(3);
  });

  test("that change under their names have the last content, and one that comes again is there", async () => {
    const bucket = new FakeBucket({ index: "old", gone: "same" });
    bucket.beforeRead = (name) => {
      if (name === "gone" && bucket.listings === 1) bucket.objects.delete("gone");
    };
    bucket.beforeListing = (number) => {
      if (number !== 2) return;
      bucket.put("index", "new");
      bucket.put("gone", "same");
    };
    const tar = await copied(bucket);
    expect(await namesIn(tar)).toEqual(["index", "gone", "index"]);
    const restored = await back(tar);
    // A write that nobody waited for would be done by then.
    await new Promise((done) => setTimeout(done, 100));
    expect(restored.text).toEqual({ index: "new", gone: "same" });
  });

  test("are whole where something is new always, and are given up where they only vanish", async () => {
    const busy = new FakeBucket({ first: "1" });
    busy.beforeListing = (number) => busy.put(`new-${number}`, "x");
    expect(await namesIn(await copied(busy))).toEqual(["first", "new-1", "new-2", "new-3"]);
    const fleeting = new FakeBucket();
    fleeting.beforeListing = (number) => fleeting.put(`new-${number}`, "x");
    fleeting.beforeRead = (name) => fleeting.objects.delete(name);
    await expect(copied(fleeting)).rejects.toThrow(
      "s3 s3.example.com:443/b/p: objects vanish faster than they are copied",
    );
    expect(fleeting.listings).toBe(10);
  });

  test("are read a few at a time, however many there are", async () => {
    const many = new FakeBucket();
    for (let at = 0; at < 500; at++) many.put(`chunk-${at}`, Buffer.alloc(100_000, at));
    const tar = readObjects(many)[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    await tar.next();
    await new Promise((done) => setTimeout(done, 100));
    expect(many.reads.length).toBeLessThan(40);
    await tar.return?.();
  });

  test("that cannot be read or written end it with the cause", async () => {
    const bucket = new FakeBucket({ a: "1" });
    const tar = await copied(bucket);
    bucket.beforeRead = () => {
      throw new Error("AccessDenied");
    };
    await expect(copied(bucket)).rejects.toThrow("AccessDenied");
    bucket.write = () => Promise.reject(new Error("QuotaExceeded"));
    await expect(putObjects(bucket, Readable.from([tar]))).rejects.toThrow("QuotaExceeded");
    await expect(back(tar.subarray(0, 700))).rejects.toThrow("Unexpected end of data");
  });
});

describe("a restore", () => {
  const mark = (): Mark => ({ backup: "b", done: [], buckets: [], deployable: false });

  test("fills only a bucket in which nothing is, or which it has begun to fill", async () => {
    const bucket = new FakeBucket({ "single-tenant/x/meta.json": "{}" });
    const refused = mark();
    await expect(takeBuckets(refused, [{ service: "tempo", bucket }])).rejects.toThrow(
      "s3 s3.example.com:443/b/p is not empty (single-tenant/x/meta.json is there), and objects are put " +
        "back only where none are: empty it, or name another bucket or prefix in storage.tempo. Nothing was changed.",
    );
    expect(refused).toEqual(mark());
    bucket.objects.clear();
    const taken = mark();
    await takeBuckets(taken, [{ service: "tempo", bucket }]);
    expect(taken.buckets).toEqual([bucket.name]);
    bucket.put("half", "of it");
    await takeBuckets(taken, [{ service: "tempo", bucket }]);
    await expect(expectEmpty(bucket, "storage.tempo")).rejects.toThrow("half is there");
  });
});

describe("a stack's buckets", () => {
  const environment = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };
  const s3 = { kind: "s3", bucket: "b", endpoint: "s3.example.com:443" };
  const configOf = (storage: object) => parseConfig({ storage }, { stack: "dev", environment });

  test("are read at their prefixes; one without a prefix is not taken for the other's", () => {
    const config = configOf({ tempo: s3, loki: { ...s3, prefix: "logs" } });
    expect(bucketOptions(config, "tempo")).toMatchObject({ prefix: "", except: ["logs/"] });
    expect(bucketOptions(config, "loki")).toMatchObject({ prefix: "logs/", except: [] });
    const apart = configOf({ tempo: s3, loki: { ...s3, bucket: "c", prefix: "logs" } });
    expect(bucketOptions(apart, "tempo").except).toEqual([]);
  });

  test("are copied after the service's own part, which does not stand still for it, if asked", () => {
    const config = configOf({ tempo: { ...s3, prefix: "p" }, loki: { ...s3, prefix: "q" } });
    const stores = {} as Stores;
    expect(plansOf(config, stores).map(({ name }) => name)).not.toContain("tempo-objects");
    const bucket = new FakeBucket();
    const plans = plansOf(config, stores, [
      { service: "tempo", bucket },
      { service: "loki", bucket },
    ]);
    for (const service of ["tempo", "loki"]) {
      const at = plans.findIndex(({ name }) => name === service);
      expect(plans[at].after).toBe("collector");
      expect(plans[at + 1]).toMatchObject({ name: `${service}-objects`, after: service });
      expect(plans[at + 1].start).toBeUndefined();
    }
  });

  test("are named where they are not copied, with how to", () => {
    const config = configOf({ tempo: { ...s3, prefix: "p" }, loki: { ...s3, prefix: "q" } });
    const left = references(config, ["tempo", "loki-objects"]);
    expect(left).toEqual([{ service: "tempo", at: "s3 s3.example.com:443/b/p" }]);
    const part = { sha256: "0".repeat(64), bytes: 5, until: "2026-01-02T03:04:05.678Z", paused: 0 };
    const manifest: Manifest = {
      ...{ version: 1, stack: "dev", startedAt: part.until, key: { sha256: "", bytes: 1 } },
      parts: [{ name: "loki-objects", ...part }],
      references: left,
    };
    const words = backupWords(manifest, "/b");
    expect(words).toContain("  loki-objects  5 B       until 2026-01-02 03:04:05 UTC\n");
    expect(words).toContain(
      "  tempo         not copied: it stays in s3 s3.example.com:443/b/p (--with-objects copies it)\n",
    );
    expect(restoreWords(manifest, [])).toContain("  loki-objects  as it was at 2026-01-02");
    expect(restoreWords(manifest, ["loki-objects"])).toContain(
      "  loki-objects  left out: the stack's options name no bucket for it\n",
    );
  });
});
