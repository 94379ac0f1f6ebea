import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { dockerFault } from "../../commands/docker-faults";
import { engineErrors } from "../../commands/engine-errors";
import { clearDeadLocks } from "../../commands/interrupted/engine-locks";
import {
  clearHalfAttributes,
  clearTemporary,
  stateDirectory,
} from "../../commands/interrupted/state-files";
import { eventually } from "../helpers/ports";
import { heldBy, isGone, thisHolder, type Holder } from "../../commands/interrupted/holder";
import { halfMade } from "../../commands/interrupted/pending";
import { holding } from "../../commands/interrupted/stack-lock";
import {
  earlierThings,
  forgetEarlier,
  noteEarlier,
  notAmong,
  strays,
  type Thing,
} from "../../commands/interrupted/things";
import { parseConfig } from "../../config/parse";

/** A number that no process has: above what any system gives. */
const NOBODY = 2 ** 30;

let directory: string;
const homeBefore = process.env.TRACEKEEP_HOME;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "tracekeep-"));
  process.env.TRACEKEEP_HOME = directory;
});
afterEach(() => {
  if (homeBefore === undefined) delete process.env.TRACEKEEP_HOME;
  else process.env.TRACEKEEP_HOME = homeBefore;
  fs.rmSync(directory, { recursive: true, force: true });
});

const holder = (change: Partial<Holder> = {}): Holder => ({ ...thisHolder(), ...change });

describe("who holds a stack", () => {
  test.each([
    ["a process that runs", {}, false],
    ["a process that has ended", { pid: NOBODY }, true],
    ["a process of another host", { pid: NOBODY, hostname: "elsewhere" }, false],
    ["a process that began after the lock", { timestamp: "2001-02-03T04:05:06Z" }, true],
  ])("%s is gone or not", (_, change, gone) => {
    expect(isGone(holder(change))).toBe(gone);
  });

  test("one whose process has ended, and was not fetched by its parent, is gone", async () => {
    const parent = spawn("sh", ["-c", "true & echo $!; exec sleep 30"]);
    try {
      const [line] = (await once(parent.stdout, "data")) as [Buffer];
      await eventually(() =>
        Promise.resolve(expect(isGone(holder({ pid: Number(line.toString()) }))).toBe(true)),
      );
    } finally {
      parent.kill();
    }
  });

  test("one whose process is fetched while it is looked at is gone", async () => {
    const before = process.env.PATH;
    const ps = '#!/bin/sh\nfor pid; do :; done\nkill -9 "$pid"\nsleep 0.5\nexit 1\n';
    fs.writeFileSync(path.join(directory, "ps"), ps, { mode: 0o755 });
    const parent = spawn("sh", ["-c", "sleep 30 & echo $!; wait"]);
    try {
      const [line] = (await once(parent.stdout, "data")) as [Buffer];
      process.env.PATH = `${directory}:${before}`;
      expect(isGone(holder({ pid: Number(line.toString()) }))).toBe(true);
    } finally {
      process.env.PATH = before;
      parent.kill();
    }
  });

  test("is named with since when, and what to do here or on another host", () => {
    const timestamp = new Date(Date.now() - 180_000).toISOString();
    expect(heldBy("dev", holder({ pid: 7, username: "ann", hostname: "far", timestamp }))).toMatch(
      /^Stack "dev" is in the hands of another run: process 7 of ann on far, since [-0-9 :]+ \(3 min\)\. Nothing was changed\.\n.*pulumi cancel --stack dev/,
    );
    expect(heldBy("dev", holder({ pid: 7 }))).toContain("kill -INT 7");
  });
});

describe("a stack that is held", () => {
  const file = () => path.join(directory, "locks", "dev.json");

  test("is held once, and free again after good and bad ends", async () => {
    await holding("dev", async () => {
      await expect(holding("dev", () => Promise.resolve())).rejects.toThrow(/in the hands of/);
      await holding("other", () => Promise.resolve());
    });
    await expect(holding("dev", () => Promise.reject(new Error("bad")))).rejects.toThrow("bad");
    expect(fs.readdirSync(path.dirname(file()))).toEqual([]);
  });

  test.each([
    ["whose process has ended", () => JSON.stringify(holder({ pid: NOBODY }))],
    ["that was not written to its end", () => '{"pid": 1'],
  ])("is taken from a lock %s", async (_, text) => {
    fs.mkdirSync(path.dirname(file()));
    fs.writeFileSync(file(), text());
    expect(await holding("dev", () => Promise.resolve("done"))).toBe("done");
    expect(fs.readdirSync(path.dirname(file()))).toEqual([]);
  });
});

describe("a stack whose last run was killed", () => {
  const locks = () => path.join(directory, "state/.pulumi/locks/organization/tracekeep/dev");
  const lockedBy = (by: Holder) => {
    fs.mkdirSync(locks(), { recursive: true });
    fs.writeFileSync(path.join(locks(), "a.json"), JSON.stringify(by));
  };

  test("has no lock of Pulumi's any more for whoever holds it, whatever the command", async () => {
    lockedBy(holder({ pid: NOBODY }));
    expect(await holding("dev", () => Promise.resolve(fs.readdirSync(locks())))).toEqual([]);
  });

  test("is looked for, and nothing is made by it", async () => {
    const before = fs.readdirSync(directory);
    await holding("dev", () => Promise.resolve());
    expect(fs.readdirSync(directory)).toEqual([...before, "locks"]);
  });

  test("is held by nobody while Pulumi, run by hand, is at it", async () => {
    lockedBy(holder());
    const work = jest.fn();
    await expect(holding("dev", work)).rejects.toThrow(/in the hands of another run/);
    expect(work).not.toHaveBeenCalled();
    expect(fs.readdirSync(locks())).toEqual(["a.json"]);
    expect(fs.readdirSync(path.join(directory, "locks"))).toEqual([]);
  });
});

describe("Pulumi's locks", () => {
  const locks = () => path.join(directory, ".pulumi/locks/organization/tracekeep/dev");
  const write = (name: string, text: string) => {
    fs.mkdirSync(locks(), { recursive: true });
    fs.writeFileSync(path.join(locks(), name), text);
  };

  test("of dead processes go, with a line each", () => {
    write("a.json", JSON.stringify(holder({ pid: NOBODY })));
    write("a.json.attrs", "{}");
    write("b.json", "");
    expect(clearDeadLocks(directory, "dev")).toEqual([
      expect.stringMatching(/^Took away the lock of process 1073741824, which was killed/),
      "Took away a lock that was not written to its end.",
    ]);
    expect(fs.readdirSync(locks())).toEqual([]);
    expect(clearDeadLocks(directory, "other")).toEqual([]);
  });

  test("stay, all of them, where one holds", () => {
    write("a.json", JSON.stringify(holder({ pid: NOBODY })));
    write("b.json", JSON.stringify(holder()));
    expect(() => clearDeadLocks(directory, "dev")).toThrow(/in the hands of another run/);
    expect(fs.readdirSync(locks())).toEqual(["a.json", "b.json"]);
  });

  test("and half-written files beside the states go, the states stay", () => {
    const stacks = path.join(directory, ".pulumi/stacks/tracekeep");
    fs.mkdirSync(stacks, { recursive: true });
    const files = {
      "dev.json": "{}",
      "dev.json.attrs": "",
      "dev.json.bak": "{}",
      "dev.json.bak.attrs": "{}",
      "dev.json.18a1b2.tmp": '{"chec',
      "other.json.attrs": '{"user.',
      "other.json.18a1b2.tmp": '{"chec',
    };
    for (const [name, text] of Object.entries(files)) {
      fs.writeFileSync(path.join(stacks, name), text);
    }
    const kept = ["dev.json", "dev.json.bak", "dev.json.bak.attrs", "other.json.18a1b2.tmp"];
    // Pulumi reads those of all stacks before it tells of one.
    clearHalfAttributes(directory, "dev");
    expect(fs.readdirSync(stacks)).toEqual(
      expect.arrayContaining([...kept, "dev.json.18a1b2.tmp"]),
    );
    expect(fs.readdirSync(stacks)).toHaveLength(5);
    clearTemporary(directory, "dev");
    expect(fs.readdirSync(stacks).sort()).toEqual(kept);
  });

  test.each([
    ["file:///srv/state", "/srv/state"],
    ["file:///srv/a%20b?no_tmp_dir=true", "/srv/a b"],
    ["file://~/state", path.join(os.homedir(), "state")],
    ["s3://bucket/state", undefined],
    [undefined, undefined],
  ])("of backend %s lie in %s", (url, place) => {
    expect(stateDirectory(url)).toBe(place);
  });
});

describe("what an interrupted run left", () => {
  const thing = (kind: Thing["kind"], id: string, isData = false): Thing => ({
    kind,
    id,
    name: `tracekeep-dev-${id}`,
    isData,
  });
  const known = thing("container", "known");
  const volume = thing("volume", "config");
  const data = thing("volume", "tempo-data", true);
  const container = thing("container", "tempo");

  const resource = (id: string, ...initErrors: string[]) => ({
    ...{ urn: `urn:pulumi:dev::tracekeep::T::${id}`, type: "T", id },
    ...(initErrors.length > 0 && { initErrors }),
  });
  const half = (...resources: ReturnType<typeof resource>[]) =>
    halfMade({ version: 3, deployment: { resources } }, [data, volume, known, container]);

  test("goes, containers first, but for data and what the state has", () => {
    const all = [volume, data, known, container];
    expect(strays(all, new Set(["known"]), () => true)).toEqual([container, volume]);
  });

  test("is made again where the state has it and it was not made to its end", () => {
    expect(half(resource("known"), resource("tempo", "not started"))).toEqual({
      remake: ["urn:pulumi:dev::tracekeep::T::tempo"],
      isDoubtful: false,
    });
    const failed = { inputs: { attach: true }, outputs: { exitCode: 1 } };
    const ended = { inputs: { attach: true }, outputs: { exitCode: 0 } };
    expect(half({ ...resource("tempo"), ...failed }).remake).toHaveLength(1);
    expect(half({ ...resource("tempo"), ...ended }).remake).toEqual([]);
    expect(half(resource("elsewhere", "x"))).toEqual({ remake: [], isDoubtful: true });
  });

  test("is no volume that is there: its record alone is read anew", () => {
    const readAnew = { remake: [], isDoubtful: true };
    expect(half(resource("tempo-data", "x"))).toEqual(readAnew);
    expect(half(resource("config", "x"))).toEqual(readAnew);
  });

  test("is what was not there before", () => {
    expect(earlierThings("dev")).toBeUndefined();
    noteEarlier("dev", [volume]);
    const isNew = notAmong(earlierThings("dev")!);
    expect([volume, container].map(isNew)).toEqual([false, true]);
    forgetEarlier("dev");
    expect(earlierThings("dev")).toBeUndefined();
  });
});

describe("errors of the engine", () => {
  test("are read without their colours, and a line that is not whole is left out", () => {
    const file = path.join(directory, "events.json");
    const error = { severity: "error", message: "<{%reset%}>no room<{%reset%}>\n", urn: "urn:x" };
    const warning = { severity: "warning", message: "by the way" };
    const lines = [{ diagnosticEvent: warning }, { diagnosticEvent: error }, { preludeEvent: {} }];
    fs.writeFileSync(file, `${lines.map((line) => JSON.stringify(line)).join("\n")}\n{"diag`);
    expect(engineErrors(file)).toEqual([{ message: "no room", urn: "urn:x" }]);
    expect(engineErrors(path.join(directory, "none"))).toEqual([]);
  });
});

describe("what providers say of a Docker host", () => {
  const at = (host: string) => parseConfig({ docker: { host } }, { stack: "dev", environment: {} });
  const local = at("unix:///var/run/docker.sock");
  const remote = at("ssh://deploy@traces.example.org");

  test.each([
    [
      "driver failed programming external connectivity on endpoint x: Bind for 127.0.0.1:3200 failed: port is already allocated",
      local,
      /^Port 127\.0\.0\.1:3200 of the Docker host \(unix:\S+\), which tempo wants \(ports\.tempo\.http\), is taken: /,
    ],
    [
      "listen tcp4 127.0.0.1:9: bind: address already in use",
      local,
      /^Port 127\.0\.0\.1:9 of the Docker host \(unix:\S+\) is taken: /,
    ],
    [
      "Error response from daemon: mkdir /var/lib/docker/volumes/x: no space left on device",
      remote,
      /^The disk of the Docker host \(ssh:\S+\) is full: /,
    ],
    [
      "error during connect: Get http://docker.example.com/v1.41/images/json: command [ssh] has exited with exit status 255, please make sure: stderr=Connection reset",
      remote,
      /^The ssh connection to ssh:\S+ was lost on the way \(Connection reset\): /,
    ],
    [
      'Conflict. The container name "/tracekeep-dev-tempo" is already in use by container "1f"',
      local,
      /^The Docker host \(unix:\S+\) has a container "tracekeep-dev-tempo" that is not in this stack's state: /,
    ],
    [
      "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
      local,
      /^Docker at unix:\S+ went away on the way: /,
    ],
    [
      "Unable to read Docker image into resource: unable to pull image r.example.org/tempo:1: Error response from daemon: connection refused",
      local,
      /^The image r\.example\.org\/tempo:1 is not on .* could not be pulled \(connection refused\): /,
    ],
  ])("is told in a sentence: %s", (message, config, sentence) => {
    const told = dockerFault(config, ["something else", message]);
    expect(told).toMatch(sentence);
    expect(told).toMatch(/; the next `npm run up` goes on from there\.$/);
    expect(told).not.toContain("\n");
  });

  test("is left as it is where there is no sentence for it", () => {
    expect(dockerFault(local, ["unhealthy"])).toBeUndefined();
  });
});
