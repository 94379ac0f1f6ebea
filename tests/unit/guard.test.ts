import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { GUARD_SCRIPT } from "../../components/guard/script";
import type { Context } from "../../components/verification/context";
import { closedGuard, closedGuards } from "../../components/verification/hops/guards";
import { eventually } from "../helpers/ports";

/** The guard's script, with a `df` that says what a test wants and a proxy that only runs. */
describe("a guard", () => {
  let home: string;
  let guard: ChildProcess;
  let said: string[];

  const program = (name: string, text: string) => {
    const path = join(home, "bin", name);
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
  };
  /** What `df` answers from now on. */
  const used = (text: string) => {
    const header = "Filesystem 1024-blocks Used Available Capacity Mounted on";
    const file = join(home, "df.txt");
    writeFileSync(file, text === "" ? "" : `${header}\n${text}\n`);
  };
  const percent = (share: number) => used(`/dev/x 100 ${share} ${100 - share} ${share}% /data`);
  const last = (words: RegExp) =>
    eventually(() => Promise.resolve(expect(said.at(-1)).toMatch(words)), { timeout: 5000 });
  const proxies = (word: string) => said.filter((line) => line === `proxy ${word}`).length;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "tracekeep-guard-"));
    mkdirSync(join(home, "bin"));
    said = [];
    program("df", `cat ${join(home, "df.txt")}`);
    program(
      "proxy",
      'trap "echo proxy ends >&2; exit 0" TERM\necho proxy runs >&2\nwhile :; do sleep 0.05; done',
    );
    program("brief", "echo proxy runs >&2");
  });
  const start = (proxy = "proxy") => {
    const script = join(home, "guard.sh");
    writeFileSync(script, GUARD_SCRIPT);
    guard = spawn("/bin/sh", [script, "tempo", "/data", "95", "92", "0.1", proxy], {
      env: { PATH: [join(home, "bin"), process.env.PATH].join(delimiter) },
      stdio: ["ignore", "ignore", "pipe"],
    });
    guard.stderr?.on("data", (data: Buffer) => said.push(...data.toString().trim().split("\n")));
  };
  const end = async () => {
    if (guard.exitCode !== null) return;
    const ended = new Promise((resolve) => guard.once("exit", resolve));
    guard.kill("SIGTERM");
    await ended;
  };
  afterEach(async () => {
    await end();
    rmSync(home, { recursive: true });
  });

  test("closes at its limit, and opens again well below it", async () => {
    percent(94);
    start();
    await last(/proxy runs/);
    expect(said[0]).toBe("guard of tempo: open: 94 % of the volume under /data is used");
    percent(95);
    await last(/^guard of tempo: closed: 95 % of the volume under \/data is used, and 95 %/);
    expect(proxies("ends")).toBe(1);
    percent(92);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(proxies("runs")).toBe(1);
    percent(91);
    await last(/proxy runs/);
    expect(proxies("runs")).toBe(2);
  });

  test.each([
    ["says nothing", ""],
    ["says something else", "/dev/x 100 50 50 - /data"],
  ])("closes when df %s", async (_, text) => {
    percent(10);
    start();
    await last(/proxy runs/);
    used(text);
    await last(/closed: how full \/data is cannot be read/);
    expect(proxies("ends")).toBe(1);
  });

  test("closes when df fails", async () => {
    percent(10);
    start();
    await last(/proxy runs/);
    program("df", "exit 1");
    await last(/closed: how full/);
  });

  test("starts a proxy again that ended", async () => {
    percent(10);
    start("brief");
    await eventually(() => Promise.resolve(expect(proxies("runs")).toBeGreaterThan(2)), {
      timeout: 5000,
    });
  });

  test("takes its proxy with it", async () => {
    percent(10);
    start();
    await last(/proxy runs/);
    await end();
    expect(said.at(-1)).toBe("proxy ends");
    expect(guard.exitCode).toBe(0);
  });
});

describe("what the verification reads of a guard", () => {
  const OPEN = "guard of tempo: open: 40 % of the volume under /data is used";
  const CLOSED = "guard of tempo: closed: 95 % of the volume under /data is used, and 95 % is";
  const reading = (log: string) =>
    ({
      readLog: (_: string, beside: string) =>
        Promise.resolve(beside === "tempo-guard" ? log : "guard of x: closed: not asked for"),
    }) as unknown as Context;

  test("is its last state", async () => {
    const why =
      "the guard before tempo is closed: 95 % of the volume under /data is used, and 95 % is";
    const closed = reading(`${OPEN}\n${CLOSED} the limit\n[NOTICE] haproxy\n`);
    await expect(closedGuard(closed, "tempo")).resolves.toBe(`${why} the limit`);
    await expect(closedGuard(reading(`${CLOSED}\n${OPEN}\n`), "tempo")).resolves.toBeUndefined();
    await expect(closedGuard(reading(""), "tempo")).resolves.toBeUndefined();
    await expect(closedGuard({} as Context, "tempo")).resolves.toBeUndefined();
  });

  test("of services that have one", async () => {
    await expect(closedGuard(reading(CLOSED), "loki")).resolves.toBeUndefined();
    await expect(closedGuards(reading(CLOSED))).resolves.toBe(
      "the guard before tempo is closed: 95 % of the volume under /data is used, and 95 % is; " +
        "the guard before prometheus is closed: not asked for",
    );
    await expect(closedGuards(reading(OPEN))).resolves.toMatch(/^the guard before prometheus/);
  });
});
