import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { beginOrGoOn } from "../../commands/backup/begin";
import type * as keys from "../../commands/backup/key";
import { makeParts } from "../../commands/backup/make";
import { readPart } from "../../commands/backup/part";
import { bucketPlace, clientOptions } from "../../commands/backup/place-bucket";
import type { Plan } from "../../commands/backup/plan";
import { openBackup } from "../../commands/backup/restore";
import { startS3, type S3Server } from "../helpers/s3-server";
import { describeWith } from "../helpers/skip";

// The real cost of trying a passphrase is another test's.
jest.mock("../../commands/backup/key", () => {
  const actual = jest.requireActual<typeof keys>("../../commands/backup/key");
  return { ...actual, makeKey: (words: string) => actual.makeKey(words, 4) };
});

const WORDS = "correct horse battery staple";
const MI = 2 ** 20;
/** The least that S3 takes for a piece of an upload, and mebibytes of more than two. */
const PIECE = 5 * MI;
const LARGE = 12;

jest.setTimeout(90_000);

async function* block(mebibytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < mebibytes; at++) {
    await new Promise((resolve) => setImmediate(resolve));
    yield Buffer.alloc(MI, at);
  }
}

const planOf = (name: string, content: () => AsyncIterable<Uint8Array>): Plan => ({
  name,
  what: `copying ${name}`,
  run: async (write) => {
    await write(content());
    return new Date();
  },
});
const PLANS = [
  planOf("state", () => Readable.from([Buffer.from("the CA's key")])),
  planOf("tempo", () => block(LARGE)),
];

describeWith(["versitygw"], "A backup in a bucket", () => {
  let server: S3Server;
  let work: string;
  const before = { ...process.env };

  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), "tracekeep-bucket-"));
    server = await startS3("backups");
    const ca = join(work, "ca.crt");
    writeFileSync(ca, server.ca);
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_S3: `https://${server.endpoint}`,
      AWS_CA_BUNDLE: ca,
      AWS_ACCESS_KEY_ID: server.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
    });
  });
  afterAll(async () => {
    process.env = before;
    await server?.stop();
    await rm(work, { recursive: true, force: true });
  });
  beforeEach(() => jest.spyOn(process.stderr, "write").mockReturnValue(true));
  afterEach(() => jest.restoreAllMocks());

  const going = new AbortController().signal;
  const placeOf = (name: string) => bucketPlace(`s3://backups/${name}`, { piece: PIECE });
  const make = async (name: string, plans = PLANS, signal = going) => {
    const place = await placeOf(name);
    return makeParts(plans, place, await beginOrGoOn("dev", place, WORDS), signal);
  };
  const open = async (name: string, words = WORDS) => openBackup("dev", await placeOf(name), words);
  const objectsOf = async (name: string) =>
    (await server.objects()).filter((object) => object.startsWith(`${name}/`)).sort();

  test("comes back as it went in, in pieces", async () => {
    const { copied } = await make("host/whole");
    expect(copied.bytes).toBe(LARGE * MI + 12);
    expect(await objectsOf("host/whole")).toEqual(
      ["key.age", "manifest.json", "state.age", "tempo.age"].map((file) => `host/whole/${file}`),
    );
    const { place, key, manifest } = await open("host/whole");
    expect(manifest.finishedAt).toBeDefined();
    let at = 0;
    let read = 0;
    for await (const chunk of readPart(place, "tempo", key)) {
      read += chunk.length;
      at = chunk[chunk.length - 1];
    }
    expect([read, at]).toEqual([LARGE * MI, LARGE - 1]);
  });

  test("is not opened by another passphrase, and is not written over", async () => {
    await expect(open("host/whole", "another one, as long")).rejects.toThrow("does not open");
    await expect(make("host/whole")).rejects.toThrow("holds a finished backup of 20");
    await expect(make("host")).rejects.toThrow("is not empty, and holds no backup to go on with");
  });

  test("that is damaged or lacks a part is refused, and the part named", async () => {
    const state = [planOf("state", () => Readable.from([Buffer.from("the CA's key")]))];
    await make("damaged", state);
    const place = await placeOf("damaged");
    const bytes = Buffer.concat(await Readable.from(place.read("state.age")).toArray());
    bytes[bytes.length - 5] ^= 1;
    await place.write("state.age", Readable.from([bytes]));
    await expect(open("damaged")).rejects.toThrow("state.age is damaged: its checksum is another");
    await expect(open("nothing")).rejects.toThrow("There is no backup in s3://backups/nothing");
  });

  test("interrupted, is none; it goes on, and leaves no piece of an upload behind", async () => {
    const client = new S3Client(clientOptions(process.env));
    const uploads = async () => {
      const listing = new ListMultipartUploadsCommand({ Bucket: "backups" });
      return (await client.send(listing)).Uploads ?? [];
    };
    const stop = new AbortController();
    const endless = async function* () {
      for (;;) {
        yield* block(LARGE);
        stop.abort();
      }
    };
    const plans = [PLANS[0], planOf("tempo", endless)];
    await expect(make("broken", plans, stop.signal)).rejects.toThrow(/abort/i);
    expect(await objectsOf("broken")).not.toContain("broken/tempo.age");
    await expect(open("broken")).rejects.toThrow("was interrupted before its end");
    expect(await uploads()).toEqual([]);
    // What a killed one leaves: paid for, and not to be seen.
    const at = { Bucket: "backups", Key: "broken/tempo.age" };
    await client.send(new CreateMultipartUploadCommand(at));
    expect(await uploads()).toHaveLength(1);
    const { manifest } = await make("broken");
    expect(await uploads()).toEqual([]);
    expect(manifest.parts.map(({ name }) => name)).toEqual(["state", "tempo"]);
    await open("broken");
  });

  test("whose source breaks off is not there, and the cause is named", async () => {
    const breaking = async function* () {
      yield* block(1);
      throw new Error("the daemon hung up");
    };
    await expect(make("source", [planOf("loki", breaking)])).rejects.toThrow("the daemon hung up");
    expect(await objectsOf("source")).toEqual(["source/key.age", "source/manifest.json"]);
  });

  test("says what S3 says: a wrong secret, no bucket, a CA that is not trusted", async () => {
    const elsewhere = await bucketPlace("s3://elsewhere/x");
    await expect(elsewhere.list()).rejects.toThrow(
      /^s3:\/\/elsewhere\/x cannot be listed: NoSuchBucket: /,
    );
    const { AWS_SECRET_ACCESS_KEY: right, AWS_CA_BUNDLE: bundle } = process.env;
    process.env.AWS_SECRET_ACCESS_KEY = "wrong";
    await expect(make("closed")).rejects.toThrow(/cannot be read: /);
    process.env.AWS_SECRET_ACCESS_KEY = right;
    delete process.env.AWS_CA_BUNDLE;
    await expect(make("closed")).rejects.toThrow(
      /cannot be read: .*unable to get local issuer certificate/,
    );
    process.env.AWS_CA_BUNDLE = bundle;
  });
});
