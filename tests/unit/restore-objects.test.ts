import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Readable } from "node:stream";
import { beginOrGoOn } from "../../commands/backup/begin";
import type * as keys from "../../commands/backup/key";
import { makeParts } from "../../commands/backup/make";
import { directoryPlace } from "../../commands/backup/place-directory";
import { plansOf, type Plan } from "../../commands/backup/plan";
import { readMark } from "../../commands/backup/progress-mark";
import { openBackup, restoreBackup } from "../../commands/backup/restore";
import type * as states from "../../commands/backup/state";
import type { Stores } from "../../commands/hosts/stores";
import { parseConfig } from "../../config/parse";
import { FakeBucket } from "../helpers/fake-bucket";

/** What a restore does, in its order. */
let did: string[] = [];
let stateThere = false;
let bucket: FakeBucket;
const environment = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };
const s3 = { kind: "s3", bucket: "b", endpoint: "s3.example.com:443", prefix: "p" };
let storage: object = { tempo: s3 };
const config = () => parseConfig({ storage }, { stack: "dev", environment });

jest.mock("../../commands/backup/key", () => {
  const actual = jest.requireActual<typeof keys>("../../commands/backup/key");
  return { ...actual, makeKey: (words: string) => actual.makeKey(words, 4) };
});
jest.mock("../../commands/deployment", () => ({
  prepare: () => {
    const stores: Partial<Stores> = { occupied: () => Promise.resolve([]) };
    return Promise.resolve({ config: config(), host: { stores: () => stores } });
  },
}));
jest.mock("../../commands/exported-state", () => ({
  ...jest.requireActual<object>("../../commands/exported-state"),
  exportState: () => Promise.resolve({ deployment: { resources: stateThere ? [{}] : [] } }),
}));
jest.mock("../../commands/backup/state", () => ({
  ...jest.requireActual<typeof states>("../../commands/backup/state"),
  parseBundle: () => ({}),
  restoreFiles: () => [],
  withoutThings: () => ({}),
  importState: () => {
    did.push("state");
    stateThere = true;
    return Promise.resolve();
  },
}));
jest.mock("../../commands/run-command", () => ({
  runCommand: (args: string[]) => {
    did.push(args[0]);
    return Promise.resolve(0);
  },
}));
jest.mock("../../commands/backup/stack-buckets", () => ({
  openStackBuckets: (
    { storage: { tempo } }: ReturnType<typeof config>,
    wanted: (service: string) => boolean,
  ) =>
    Promise.resolve(tempo.kind === "s3" && wanted("tempo") ? [{ service: "tempo", bucket }] : []),
}));

const WORDS = "correct horse battery staple";
let directory: string;
const before = process.env.TRACEKEEP_HOME;

beforeEach(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "tracekeep-restore-"));
  process.env.TRACEKEEP_HOME = path.join(directory, "home");
  jest.spyOn(process.stderr, "write").mockReturnValue(true);
  [did, stateThere, storage] = [[], false, { tempo: s3 }];
  const place = directoryPlace(path.join(directory, "backup"));
  const source = new FakeBucket({ a: "1", b: "2" });
  const state: Plan = {
    ...{ name: "state", what: "state" },
    run: async (write) => {
      await write(Readable.from([Buffer.from("{}")]));
      return new Date();
    },
  };
  const buckets = [{ service: "tempo" as const, bucket: source }];
  const objects = plansOf(config(), {} as Stores, buckets).filter(
    ({ name }) => name === "tempo-objects",
  );
  const begun = await beginOrGoOn("dev", place, WORDS);
  await makeParts([state, ...objects], place, begun, new AbortController().signal);
  bucket = new FakeBucket();
  const write = bucket.write.bind(bucket);
  bucket.write = (name, ...content) => {
    did.push(`write ${name}`);
    return write(name, ...content);
  };
});
afterEach(() => {
  jest.restoreAllMocks();
  fs.rmSync(directory, { recursive: true, force: true });
  if (before === undefined) delete process.env.TRACEKEEP_HOME;
  else process.env.TRACEKEEP_HOME = before;
});

const restore = async () => {
  const place = directoryPlace(path.join(directory, "backup"));
  return restoreBackup("dev", await openBackup("dev", place, WORDS));
};

test("objects are back in the bucket before the stack comes up", async () => {
  const { leftOut } = await restore();
  expect(did).toEqual(["state", "write a", "write b", "up"]);
  expect(bucket.text).toEqual({ a: "1", b: "2" });
  expect(leftOut).toEqual([]);
  expect(readMark("dev")).toBeUndefined();
});

test("a bucket in which something is stops it before anything is changed", async () => {
  bucket.put("theirs", "x");
  await expect(restore()).rejects.toThrow(/is not empty .*Nothing was changed\.$/);
  expect(did).toEqual([]);
  expect(readMark("dev")).toBeUndefined();
});

test("interrupted, it goes on in the bucket that it had begun to fill, and in no other", async () => {
  const write = bucket.write.bind(bucket);
  bucket.write = (name, ...content) =>
    name === "b" ? Promise.reject(new Error("killed")) : write(name, ...content);
  await expect(restore()).rejects.toThrow("killed");
  await new Promise((done) => setTimeout(done, 50));
  expect(bucket.text).toEqual({ a: "1" });
  expect(readMark("dev")).toMatchObject({ done: ["state"], deployable: false });
  const half = bucket;
  bucket = Object.assign(new FakeBucket({ theirs: "x" }), { name: "s3 s3.example.com:443/b/q" });
  await expect(restore()).rejects.toThrow("s3.example.com:443/b/q is not empty");
  bucket = half;
  bucket.write = write;
  await restore();
  expect(bucket.text).toEqual({ a: "1", b: "2" });
  expect(did).toEqual(["state", "write a", "write a", "write b", "up"]);
});

test("where the options name no bucket any more, they are left out, and it says so", async () => {
  storage = {};
  const { leftOut } = await restore();
  expect(leftOut).toEqual(["tempo-objects"]);
  expect(did).toEqual(["state", "up"]);
});
