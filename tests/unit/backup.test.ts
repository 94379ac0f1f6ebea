import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { beginOrGoOn } from "../../commands/backup/begin";
import type * as keys from "../../commands/backup/key";
import { makeKey, type BackupKey } from "../../commands/backup/key";
import { makeParts } from "../../commands/backup/make";
import { fileOf, MANIFEST, readManifest } from "../../commands/backup/manifest";
import { checkParts, readPart, writePart } from "../../commands/backup/part";
import { passphrase } from "../../commands/backup/passphrase";
import { openPlace, type Place } from "../../commands/backup/place";
import { bucketOf, clientOptions } from "../../commands/backup/place-bucket";
import { directoryPlace } from "../../commands/backup/place-directory";
import type { Plan } from "../../commands/backup/plan";
import { openBackup } from "../../commands/backup/restore";
import { withoutThings } from "../../commands/backup/state";
import { references } from "../../commands/backup/stores";
import { parseConfig } from "../../config/parse";

const WORDS = "correct horse battery staple";

/** Parts of the format's chunks of 64 KiB, one of them not whole. */
const CONTENT: Readonly<Record<string, Buffer>> = {
  state: Buffer.from("the CA's key"),
  loki: Buffer.alloc(200_000, "log line "),
  tempo: Buffer.alloc(3 * 2 ** 16, "span "),
};

// The real cost of trying a passphrase is paid in the test of it.
jest.mock("../../commands/backup/key", () => {
  const actual = jest.requireActual<typeof keys>("../../commands/backup/key");
  return {
    ...actual,
    makeKey: (words: string, workFactor = 4) => actual.makeKey(words, workFactor),
  };
});
const actualKeys = jest.requireActual<typeof keys>("../../commands/backup/key");

let directory: string;
let place: Place;
let made: string[];
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "tracekeep-backup-"));
  place = directoryPlace(directory);
  made = [];
  jest.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterEach(() => {
  jest.restoreAllMocks();
  fs.rmSync(directory, { recursive: true, force: true });
});

const said = () => (process.stderr.write as jest.Mock).mock.calls.flat().join("");

/** Plans of the content above; `content` replaces what a part is read from. */
const plans = (
  content: Partial<Record<string, () => AsyncIterable<Uint8Array>>> = {},
  starts: string[] = [],
): Plan[] =>
  Object.entries(CONTENT).map(([name, bytes]) => ({
    name,
    what: `copying ${name}`,
    run: async (write) => {
      made.push(name);
      await write(content[name]?.() ?? Readable.from([bytes]));
      return new Date("2026-01-02T03:04:05.678Z");
    },
    ...(name !== "state" && { start: () => Promise.resolve(void starts.push(name)) }),
  }));

const going = new AbortController().signal;
const make = async (some = plans(), signal = going, words = WORDS) =>
  (await makeParts(some, place, await beginOrGoOn("dev", place, words), signal)).manifest;
const open = (words = WORDS, stack = "dev") => openBackup(stack, place, words);
const pathOf = (name: string) => path.join(directory, fileOf(name));
const contentOf = (name: string, key: BackupKey) =>
  buffer(Readable.from(readPart(place, name, key)));

/** Changes one byte of a part, as a bad disk does. */
function damage(name: string, at = 1000): void {
  const bytes = fs.readFileSync(pathOf(name));
  bytes[bytes.length - at] ^= 1;
  fs.writeFileSync(pathOf(name), bytes);
}

describe("a backup", () => {
  test("comes back as it went in, and shows nothing of it meanwhile", async () => {
    const manifest = await make();
    const { key } = await open();
    for (const [name, bytes] of Object.entries(CONTENT)) {
      expect((await contentOf(name, key)).equals(bytes)).toBe(true);
      const file = fs.readFileSync(pathOf(name));
      expect(file.toString("latin1")).toMatch(/^age-encryption.org\/v1\n-> X25519 /);
      expect(file.includes(bytes.subarray(0, 12))).toBe(false);
      expect(fs.statSync(pathOf(name)).mode & 0o777).toBe(0o600);
    }
    expect(await readManifest(place)).toEqual(manifest);
    expect(manifest.parts.map(({ name }) => name)).toEqual(["state", "loki", "tempo"]);
    expect(manifest.parts[0].until).toBe("2026-01-02T03:04:05.678Z");
    expect(manifest.finishedAt).toBeDefined();
    expect(fs.readFileSync(path.join(directory, MANIFEST), "utf8")).not.toMatch(/AGE-SECRET|age1/);
  });

  test("is not opened by another passphrase", async () => {
    await make();
    await expect(open("correct horse battery stapler")).rejects.toThrow(
      "The passphrase does not open this backup. Nothing was changed.",
    );
  });

  test.each([
    ["damaged", () => damage("loki"), "loki.age is damaged: its checksum is another"],
    ["missing", () => fs.rmSync(pathOf("loki")), "loki.age is missing"],
    ["cut", () => fs.truncateSync(pathOf("loki"), 99), "loki.age has 99 bytes in place"],
    ["a damaged key", () => damage("key", 10), "key.age is damaged"],
  ])("with a part %s is refused, and the part named", async (_, harm, words) => {
    await make();
    harm();
    const error = await open().catch((thrown: Error) => thrown);
    expect((error as Error).message).toContain("is not whole; nothing was changed.");
    expect((error as Error).message).toContain(words);
    expect((error as Error).message).not.toContain("tempo.age");
  });

  test("does not take a part of another key, or one cut at a chunk, even with a right checksum", async () => {
    const manifest = await make();
    const { key } = await open();
    const foreign = await makeKey(WORDS, 4);
    const sealed = await writePart(place, "loki", foreign.key, Readable.from([Buffer.from("x")]));
    const parts = manifest.parts.map((part) =>
      part.name === "loki" ? { ...part, ...sealed } : part,
    );
    await checkParts(place, { ...manifest, parts });
    await expect(contentOf("loki", key)).rejects.toThrow();
    const whole = fs.readFileSync(pathOf("tempo"));
    fs.truncateSync(pathOf("tempo"), whole.length - 2 ** 16 - 16);
    await expect(contentOf("tempo", key)).rejects.toThrow();
  });

  test("goes only where nothing else is", async () => {
    fs.writeFileSync(path.join(directory, "letters.txt"), "mine");
    await expect(make()).rejects.toThrow("is not empty, and holds no backup to go on with");
    expect(fs.readdirSync(directory)).toEqual(["letters.txt"]);
  });

  test("that is finished is not written over, nor one of another stack", async () => {
    await make();
    await expect(make()).rejects.toThrow("holds a finished backup of 20");
    await expect(beginOrGoOn("prod", place, WORDS)).rejects.toThrow('of stack "dev"');
  });
});

describe("an interrupted backup", () => {
  const broken = () =>
    plans({
      tempo: async function* () {
        yield CONTENT.tempo.subarray(0, 70_000);
        await Promise.resolve();
        throw new Error("the connection broke");
      },
    });

  test("goes on: what is whole is not made again", async () => {
    await expect(make(broken())).rejects.toThrow("the connection broke");
    expect(made).toEqual(["state", "loki", "tempo"]);
    expect(fs.existsSync(pathOf("tempo"))).toBe(false);
    await expect(open()).rejects.toThrow("was interrupted before its end");
    const { parts } = (await readManifest(place))!;
    made = [];
    const manifest = await make();
    expect(made).toEqual(["tempo"]);
    expect(manifest.parts.slice(0, 2)).toEqual(parts);
    expect(said()).toContain("loki: whole already");
    const { key } = await open();
    expect((await contentOf("tempo", key)).equals(CONTENT.tempo)).toBe(true);
  });

  test("makes a part anew that was damaged meanwhile", async () => {
    await expect(make(broken())).rejects.toThrow();
    damage("loki");
    made = [];
    await make();
    expect(made).toEqual(["loki", "tempo"]);
    expect(said()).toContain("loki.age is damaged: its checksum is another: it is made anew.");
    await open();
  });

  test("makes anew too what has to be younger than a part made anew, however often it is interrupted", async () => {
    const chained = (some: Plan[]) =>
      some.map((plan) => ({ ...plan, ...(plan.name === "tempo" && { after: "loki" }) }));
    const last: Plan = { ...plans()[0], name: "last", run: () => Promise.reject(new Error("no")) };
    await expect(make([...chained(plans()), last])).rejects.toThrow("no");
    damage("loki");
    made = [];
    // Tempo's part is whole, and older than Loki's is now.
    await expect(make(chained(broken()))).rejects.toThrow("the connection broke");
    expect(made).toEqual(["loki", "tempo"]);
    expect((await readManifest(place))!.parts.map(({ name }) => name)).toEqual(["state", "loki"]);
    made = [];
    await make(chained(plans()));
    expect(made).toEqual(["tempo"]);
    await open();
  });

  test("goes on under its own passphrase alone", async () => {
    await expect(make(broken())).rejects.toThrow();
    await expect(make(plans(), going, "another one, as long")).rejects.toThrow("does not open");
  });

  test("starts first what it left standing still", async () => {
    await expect(make(broken())).rejects.toThrow();
    expect((await readManifest(place))!.stopped).toBe("tempo");
    const starts: string[] = [];
    await make(plans({}, starts));
    expect(starts).toEqual(["tempo"]);
    expect((await readManifest(place))!.stopped).toBeUndefined();
  });

  test("by a signal ends in the middle of a part", async () => {
    const stop = new AbortController();
    const endless = plans({
      loki: async function* () {
        for (;;) {
          yield Buffer.alloc(70_000);
          await new Promise((resolve) => setImmediate(resolve));
          stop.abort();
        }
      },
    });
    await expect(make(endless, stop.signal)).rejects.toThrow(/abort/i);
    expect((await readManifest(place))!.parts.map(({ name }) => name)).toEqual(["state"]);
  });
});

describe("what is no backup", () => {
  const write = (manifest: string) => fs.writeFileSync(path.join(directory, MANIFEST), manifest);

  test.each([
    ["nothing", () => undefined, "There is no backup in"],
    ["no JSON", () => write('{"version":'), "is damaged: it is no JSON"],
    ["of another version", () => write('{"version": 2}'), "no manifest of this version (version,"],
  ])("is refused: %s", async (_, prepare, words) => {
    prepare();
    await expect(open()).rejects.toThrow(words);
  });

  test("is refused: of another stack; a part whose name leads elsewhere", async () => {
    const manifest = await make();
    await expect(open(WORDS, "prod")).rejects.toThrow('is of stack "dev"');
    const parts = [{ ...manifest.parts[0], name: "../elsewhere" }];
    write(JSON.stringify({ ...manifest, parts }));
    await expect(open()).rejects.toThrow("no manifest of this version (parts.0.name)");
  });
});

test("a key's file costs age's own work factor to try", async () => {
  const { file } = await actualKeys.makeKey(WORDS);
  expect(Buffer.from(file).toString("latin1")).toMatch(
    /^age-encryption.org\/v1\n-> scrypt \S+ 18\n/,
  );
});

describe("the passphrase", () => {
  test("is a file's first line, or a variable", () => {
    const file = path.join(directory, "words");
    fs.writeFileSync(file, `${WORDS}\nnot this\n`);
    expect(passphrase({ passphraseFile: file }, {})).toBe(WORDS);
    const environment: Record<string, string | undefined> = { TRACEKEEP_BACKUP_PASSPHRASE: WORDS };
    expect(passphrase({}, environment)).toBe(WORDS);
    // Pulumi and its providers inherit what is left.
    expect(environment).toEqual({});
  });

  test("is asked for where there is none, and is long", () => {
    expect(() => passphrase({}, {})).toThrow("A passphrase is needed");
    expect(() => passphrase({}, { TRACEKEEP_BACKUP_PASSPHRASE: "short" })).toThrow(
      "fewer than 12 characters",
    );
  });
});

describe("a place", () => {
  test("is a directory or a prefix of a bucket", async () => {
    expect((await openPlace("/srv/backup")).name).toBe("/srv/backup");
    expect(bucketOf("s3://my-backups/host/2026-02-01/")).toEqual({
      bucket: "my-backups",
      prefix: "host/2026-02-01/",
    });
    await expect(openPlace("gs://bucket/dir")).rejects.toThrow("is neither a directory nor s3://");
    await expect(openPlace("s3://bucket")).rejects.toThrow("each backup has a prefix of its own");
  });

  test("in S3 is spoken to over TLS alone", () => {
    expect(() => clientOptions({ AWS_ENDPOINT_URL_S3: "http://127.0.0.1:9000" })).toThrow(
      "The endpoint http://127.0.0.1:9000 of S3 is not spoken to over TLS",
    );
    expect(clientOptions({ AWS_ENDPOINT_URL_S3: "https://s3.example.com" })).toMatchObject({
      endpoint: "https://s3.example.com",
      forcePathStyle: true,
      region: "us-east-1",
    });
    expect(clientOptions({ AWS_DEFAULT_REGION: "eu-central-1" })).toMatchObject({
      region: "eu-central-1",
    });
  });
});

test("what is kept elsewhere is named", () => {
  const s3 = { kind: "s3", bucket: "b", endpoint: "s3.example.com:443", prefix: "p" };
  const config = parseConfig(
    { storage: { tempo: s3 } },
    { stack: "dev", environment: { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" } },
  );
  expect(references(config)).toEqual([{ service: "tempo", at: "s3 s3.example.com:443/b/p" }]);
});

test("a restored state has keys and passwords, and nothing that would have to be on the host", () => {
  const urn = (type: string, name: string) => `urn:pulumi:dev::tracekeep::${type}::${name}`;
  const key = urn("tls:index/privateKey:PrivateKey", "root");
  const volume = urn("docker:index/volume:Volume", "tempo-data");
  const component = urn("tracekeep:index:Tempo", "tempo");
  const { version, deployment } = withoutThings({
    version: 3,
    deployment: {
      manifest: { time: "t" },
      secrets_providers: { type: "passphrase" },
      pending_operations: [
        { type: "creating", resource: { urn: volume, type: "docker:index/volume:Volume" } },
      ],
      resources: [
        { urn: key, type: "tls:index/privateKey:PrivateKey", custom: true },
        { urn: volume, type: "docker:index/volume:Volume", custom: true },
        {
          urn: component,
          type: "tracekeep:index:Tempo",
          dependencies: [volume, key],
          propertyDependencies: { endpoint: [volume] },
        },
      ],
    },
  });
  expect({ version, deployment }).toEqual({
    version: 3,
    deployment: {
      manifest: { time: "t" },
      metadata: undefined,
      resources: [
        {
          urn: key,
          type: "tls:index/privateKey:PrivateKey",
          custom: true,
          dependencies: undefined,
          propertyDependencies: {},
        },
        {
          urn: component,
          type: "tracekeep:index:Tempo",
          dependencies: [key],
          propertyDependencies: { endpoint: [] },
        },
      ],
    },
  });
});
