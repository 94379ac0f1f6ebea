import { randomBytes } from "node:crypto";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { DeleteObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { beginOrGoOn } from "../../commands/backup/begin";
import type { Bucket } from "../../commands/backup/bucket";
import type * as keys from "../../commands/backup/key";
import { makeParts } from "../../commands/backup/make";
import { expectEmpty, putObjects } from "../../commands/backup/objects";
import { readPart } from "../../commands/backup/part";
import { directoryPlace } from "../../commands/backup/place-directory";
import { plansOf, type Plan } from "../../commands/backup/plan";
import { openBackup } from "../../commands/backup/restore";
import { connection } from "../../commands/backup/s3";
import { expectListable, openStackBuckets } from "../../commands/backup/stack-buckets";
import type { Stores } from "../../commands/hosts/stores";
import { parseConfig } from "../../config/parse";
import { eventually } from "../helpers/ports";
import { PRIVATE_CA } from "../helpers/private-ca";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { expectStored, pushTrace } from "../helpers/requests";
import { startS3, type S3Server } from "../helpers/s3-server";
import { describeWith } from "../helpers/skip";

// The real cost of trying a passphrase is another test's.
jest.mock("../../commands/backup/key", () => {
  const actual = jest.requireActual<typeof keys>("../../commands/backup/key");
  return { ...actual, makeKey: (words: string) => actual.makeKey(words, 4) };
});

const WORDS = "correct horse battery staple";
const MI = 2 ** 20;
/** More than a piece of an upload. */
const LARGE = randomBytes(20 * MI);

jest.setTimeout(60_000);

describeWith(["versitygw"], "Objects in S3, copied and put back", () => {
  let server: S3Server;
  let work: string;
  const before = { ...process.env };

  const options = (prefix: string | undefined, more: object = {}) => {
    const { endpoint, bucket, ca, accessKeyId, secretAccessKey } = server;
    return { kind: "s3", endpoint, bucket, prefix, ca, accessKeyId, secretAccessKey, ...more };
  };
  const configOf = (prefix: string | undefined, more?: object) =>
    parseConfig({ storage: { tempo: options(prefix, more) } }, { stack: "dev", environment: {} });
  const bucketAt = async (prefix: string | undefined, more?: object): Promise<Bucket> =>
    (await openStackBuckets(configOf(prefix, more), () => true))[0].bucket;
  const placeOf = (name: string) => directoryPlace(join(work, name));
  const objectsPlan = (bucket: Bucket): Plan[] =>
    plansOf(configOf("any"), {} as Stores, [{ service: "tempo", bucket }]).filter(
      ({ name }) => name === "tempo-objects",
    );
  const going = new AbortController().signal;
  const backUp = async (name: string, bucket: Bucket, signal = going) => {
    const place = placeOf(name);
    return makeParts(objectsPlan(bucket), place, await beginOrGoOn("dev", place, WORDS), signal);
  };
  const putBack = async (name: string, bucket: Bucket) => {
    const { place, key } = await openBackup("dev", placeOf(name), WORDS);
    await putObjects(bucket, Readable.from(readPart(place, "tempo-objects", key)));
  };
  const put = (bucket: Bucket, name: string, content: string | Buffer) => {
    const bytes = Buffer.from(content);
    return bucket.write(name, bytes, bytes.length);
  };
  const contentOf = async (bucket: Bucket) => {
    const found: Record<string, string> = {};
    for await (const { name, bytes } of bucket.list()) {
      const { content } = (await bucket.read(name))!;
      const read = Buffer.concat((await content.toArray()) as Buffer[]);
      expect(read.length).toBe(bytes);
      found[name] = read.length > MI ? `large: ${read.equals(LARGE)}` : read.toString();
    }
    return found;
  };
  const remove = async (prefix: string, name: string) => {
    const { endpoint, ca, accessKeyId, secretAccessKey, bucket } = server;
    const client = new S3Client({
      ...{ endpoint: `https://${endpoint}`, region: "us-east-1", forcePathStyle: true },
      credentials: { accessKeyId, secretAccessKey },
      ...connection([ca]),
    });
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: `${prefix}/${name}` }));
    client.destroy();
  };

  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), "tracekeep-objects-"));
    server = await startS3("objects");
    // Those of a backup's place are none of theirs.
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_S3: "https://127.0.0.1:1",
      AWS_ACCESS_KEY_ID: "another",
      AWS_SECRET_ACCESS_KEY: "another",
      AWS_REGION: "eu-north-1",
    });
    const source = await bucketAt("source");
    await put(source, "single-tenant/1/data.parquet", LARGE);
    await put(source, "single-tenant/1/meta.json", "{}");
    for (let at = 0; at < 30; at++) await put(source, `small/${at}`, `chunk ${at}`);
    await put(source, "empty", "");
    await put(await bucketAt("sources"), "not/ours", "another prefix that begins alike");
  });
  afterAll(async () => {
    process.env = before;
    await server?.stop();
    await rm(work, { recursive: true, force: true });
  });
  beforeEach(() => jest.spyOn(process.stderr, "write").mockReturnValue(true));
  afterEach(() => jest.restoreAllMocks());

  test("are the same under another prefix, large, small and empty", async () => {
    const source = await bucketAt("source");
    const { copied, manifest } = await backUp("whole", source);
    expect(copied.bytes).toBeGreaterThan(LARGE.length);
    expect(manifest.parts[0]).toMatchObject({ name: "tempo-objects", paused: 0 });
    const target = await bucketAt("target");
    await expectEmpty(target, "storage.tempo");
    await putBack("whole", target);
    const content = await contentOf(target);
    expect(content).toEqual(await contentOf(source));
    expect(Object.keys(content)).toHaveLength(33);
    expect(content["single-tenant/1/data.parquet"]).toBe("large: true");
    expect(content["small/29"]).toBe("chunk 29");
  });

  test("are put back only where none are", async () => {
    await expect(expectEmpty(await bucketAt("target"), "storage.tempo")).rejects.toThrow(
      `s3 ${server.endpoint}/objects/target is not empty (empty is there), and objects are put back only where none are`,
    );
  });

  test("that are deleted meanwhile are left out, those that are added are there", async () => {
    const moving = await bucketAt("moving");
    for (const name of ["a", "b", "c"]) await put(moving, name, name);
    const read = moving.read.bind(moving);
    const change = async () => {
      await remove("moving", "b");
      await put(moving, "compacted", "b");
      await put(moving, "c", "changed");
    };
    let changed: Promise<void> | undefined;
    moving.read = async (name) => {
      await (changed ??= change());
      return read(name);
    };
    await backUp("moving", moving);
    const target = await bucketAt("moved");
    await putBack("moving", target);
    expect(await contentOf(target)).toEqual({ a: "a", c: "changed", compacted: "b" });
  });

  test("of a copy that was interrupted are copied anew, and none of half a copy is taken", async () => {
    const source = await bucketAt("source");
    const stop = new AbortController();
    const read = source.read.bind(source);
    source.read = (name) => {
      if (name.startsWith("small/7")) stop.abort();
      return read(name);
    };
    await expect(backUp("interrupted", source, stop.signal)).rejects.toThrow(/abort/i);
    await expect(openBackup("dev", placeOf("interrupted"), WORDS)).rejects.toThrow("interrupted");
    const again = await bucketAt("source");
    await backUp("interrupted", again);
    // So is what is put back: what the interrupted restore wrote is written over.
    const target = await bucketAt("twice");
    const write = target.write.bind(target);
    let left = 10;
    target.write = (...args) => (left-- > 0 ? write(...args) : Promise.reject(new Error("killed")));
    await expect(putBack("interrupted", target)).rejects.toThrow("killed");
    target.write = write;
    await putBack("interrupted", target);
    expect(await contentOf(target)).toEqual(await contentOf(again));
  });

  test("of a damaged part are not put back", async () => {
    cpSync(join(work, "whole"), join(work, "damaged"), { recursive: true });
    const file = join(work, "damaged", "tempo-objects.age");
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1] ^= 1;
    writeFileSync(file, bytes);
    const target = await bucketAt("untouched");
    await expect(putBack("damaged", target)).rejects.toThrow("tempo-objects.age is damaged");
    await expectEmpty(target, "storage.tempo");
  });

  test("are not read where S3 says no: a wrong secret, no bucket, a CA that is not trusted", async () => {
    const listed = async (more: object) => {
      const config = configOf("source", more);
      return expectListable(await openStackBuckets(config, () => true));
    };
    await listed({});
    await expect(listed({ secretAccessKey: "wrong" })).rejects.toThrow(/cannot be listed: \w/);
    await expect(listed({ bucket: "elsewhere" })).rejects.toThrow(
      `s3 ${server.endpoint}/elsewhere/source cannot be listed: NoSuchBucket`,
    );
    await expect(listed({ ca: PRIVATE_CA })).rejects.toThrow(/cannot be listed: .*certificate/);
  });

  describeWith(["tempo"], "of a real Tempo", () => {
    const stacks: ProcessStack[] = [];
    const tempoAt = async (prefix: string) => {
      const config = configOf(prefix);
      config.tuning.tempo.maxBlockDuration = 3;
      const stack = await startStack({
        config,
        services: ["tempo"],
        secrets: {
          tempoS3AccessKeyId: server.accessKeyId,
          tempoS3SecretAccessKey: server.secretAccessKey,
        },
      });
      stacks.push(stack);
      return stack;
    };
    afterEach(async () => {
      for (const stack of stacks) await stack.stop();
    });

    test("bring its traces to a Tempo that has nothing else", async () => {
      const stack = await tempoAt("tempo");
      const made = await pushTrace(stack);
      await eventually(
        async () =>
          expect(await server.objects()).toContainEqual(
            expect.stringMatching(/^tempo\/single-tenant\/[^/]+\/meta\.json$/),
          ),
        { timeout: 40_000, interval: 300 },
      );
      // It is at work meanwhile.
      await backUp("tempo", await bucketAt("tempo"));
      await stack.stop();
      await putBack("tempo", await bucketAt("restored"));
      await expectStored(await tempoAt("restored"), made);
    }, 120_000);
  });
});
