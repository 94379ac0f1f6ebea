import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { beginOrGoOn, type Begun } from "../../commands/backup/begin";
import { makeKey, openKey, type BackupKey } from "../../commands/backup/key";
import { makeParts } from "../../commands/backup/make";
import { fileOf, MANIFEST, readManifest } from "../../commands/backup/manifest";
import { checkParts, readPart, writePart } from "../../commands/backup/part";
import { passphrase } from "../../commands/backup/passphrase";
import { localDirectory } from "../../commands/backup/place";
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

let directory: string;
let made: string[];
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "tracekeep-backup-"));
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
  makeParts(some, directory, await beginOrGoOn("dev", directory, words), signal);
const open = (words = WORDS, stack = "dev") => openBackup(stack, directory, words);
const contentOf = (name: string, key: BackupKey) =>
  buffer(Readable.from(readPart(directory, name, key)));

/** Changes one byte of a part, as a bad disk does. */
function damage(name: string, at = 1000): void {
  const bytes = fs.readFileSync(fileOf(directory, name));
  bytes[bytes.length - at] ^= 1;
  fs.writeFileSync(fileOf(directory, name), bytes);
}

describe("a backup", () => {
  test("comes back as it went in, and shows nothing of it meanwhile", async () => {
    const manifest = await make();
    const { key } = await open();
    for (const [name, bytes] of Object.entries(CONTENT)) {
      expect((await contentOf(name, key)).equals(bytes)).toBe(true);
      const file = fs.readFileSync(fileOf(directory, name));
      expect(file.toString("latin1")).toMatch(/^age-encryption.org\/v1\n-> X25519 /);
      expect(file.includes(bytes.subarray(0, 12))).toBe(false);
      expect(fs.statSync(fileOf(directory, name)).mode & 0o777).toBe(0o600);
    }
    expect(readManifest(directory)).toEqual(manifest);
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
    ["missing", () => fs.rmSync(fileOf(directory, "loki")), "loki.age is missing"],
    ["cut", () => fs.truncateSync(fileOf(directory, "loki"), 99), "loki.age has 99 bytes in place"],
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
    const sealed = await writePart(directory, "loki", foreign.key, Readable.from(["x"]));
    const parts = manifest.parts.map((part) =>
      part.name === "loki" ? { ...part, ...sealed } : part,
    );
    await checkParts(directory, { ...manifest, parts });
    await expect(contentOf("loki", key)).rejects.toThrow();
    const whole = fs.readFileSync(fileOf(directory, "tempo"));
    fs.truncateSync(fileOf(directory, "tempo"), whole.length - 2 ** 16 - 16);
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
    await expect(beginOrGoOn("prod", directory, WORDS)).rejects.toThrow('of stack "dev"');
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
    expect(fs.existsSync(fileOf(directory, "tempo"))).toBe(false);
    await expect(open()).rejects.toThrow("was interrupted before its end");
    const { parts } = readManifest(directory)!;
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

  test("goes on under its own passphrase alone", async () => {
    await expect(make(broken())).rejects.toThrow();
    await expect(make(plans(), going, "another one, as long")).rejects.toThrow("does not open");
  });

  test("starts first what it left standing still", async () => {
    await expect(make(broken())).rejects.toThrow();
    expect(readManifest(directory)!.stopped).toBe("tempo");
    const starts: string[] = [];
    await make(plans({}, starts));
    expect(starts).toEqual(["tempo"]);
    expect(readManifest(directory)!.stopped).toBeUndefined();
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
    expect(readManifest(directory)!.parts.map(({ name }) => name)).toEqual(["state"]);
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

test("a key's file costs age's own work factor to try, and is opened by age's own form", async () => {
  const { manifest }: Begun = await beginOrGoOn("dev", directory, WORDS);
  const file = fs.readFileSync(fileOf(directory, "key"));
  expect(file.toString("latin1")).toMatch(/^age-encryption.org\/v1\n-> scrypt \S+ 18\n/);
  await openKey(file, WORDS);
  expect(manifest.parts).toEqual([]);
});

describe("the passphrase", () => {
  test("is a file's first line, or a variable", () => {
    const file = path.join(directory, "words");
    fs.writeFileSync(file, `${WORDS}\nnot this\n`);
    expect(passphrase({ passphraseFile: file }, {})).toBe(WORDS);
    expect(passphrase({}, { TRACEKEEP_BACKUP_PASSPHRASE: WORDS })).toBe(WORDS);
  });

  test("is asked for where there is none, and is long", () => {
    expect(() => passphrase({}, {})).toThrow("A passphrase is needed");
    expect(() => passphrase({}, { TRACEKEEP_BACKUP_PASSPHRASE: "short" })).toThrow(
      "fewer than 12 characters",
    );
  });
});

test("a bucket is no directory, and is told what to do", () => {
  expect(() => localDirectory("s3://bucket/dir")).toThrow("s3://bucket/dir is no directory");
  expect(localDirectory("/srv/backup")).toBe("/srv/backup");
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
      pending_operations: [{}],
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
