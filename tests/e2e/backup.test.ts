import { spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { readManifest, type Manifest } from "../../commands/backup/manifest";
import { eventually } from "../helpers/ports";
import { describeUnless } from "../helpers/skip";
import { expectCode, say } from "./command";
import { lackingTraces, lackingLines, Operator, samples, Sending, type Sent } from "./drill";
import { lackingImage } from "./images";
import { lackingDocker, lackingForUp, PUBLISHED_IMAGES } from "./needs";
import { freePorts, imageOptions, TestStack } from "./stack";
import { secretsOf } from "./state";

const PROJECT = resolve(__dirname, "../..");
const MINUTE = 60_000;
/** Milliseconds from a yes of the collector until a backend has it: the longest batch. */
const ON_THE_WAY = 10_000;

const hasQdrant = PUBLISHED_IMAGES || lackingImage("qdrant") === undefined;

describeUnless([...lackingDocker(), ...lackingForUp()], "Backup and restore, the drill", () => {
  const work = mkdtempSync(join(tmpdir(), "tracekeep-drill-"));
  const to = join(work, "backup");
  const passphrase = join(work, "passphrase");
  const withPassphrase = ["--passphrase-file", passphrase];
  let stack: TestStack;
  let operator: Operator;
  let sending: Sending;
  let secrets: Record<string, string>;
  let manifest: Manifest;
  let running: string[];
  let series: string;
  let destroyed: number;
  /** Whether all went well until here; what comes next says nothing otherwise. */
  let well = false;
  const step = (name: string, run: () => Promise<void>, timeout = 5 * MINUTE) =>
    test(
      name,
      async () => {
        if (!well) throw new Error("not run: an earlier step failed");
        well = false;
        await run();
        well = true;
      },
      timeout,
    );
  const partOf = (name: string) => manifest.parts.find((part) => part.name === name)!;
  const until = (name: string) => Date.parse(partOf(name).until);
  const before = (moment: number) => sending.sent.filter((one) => one.acknowledged < moment);

  beforeAll(async () => {
    writeFileSync(passphrase, "a passphrase of the drill\n", { mode: 0o600 });
    const ports = await freePorts();
    stack = new TestStack({
      ports,
      ...imageOptions(),
      apps: [{ name: "shop", qdrant: hasQdrant }],
    });
    expectCode(await stack.run("up"), 0);
    operator = await Operator.of(stack, ports, "shop");
    secrets = secretsOf(stack).generated;
    running = Object.keys(await stack.running());
    well = true;
  }, 5 * MINUTE);

  afterAll(async () => {
    await sending?.end();
    operator?.forget();
    await stack?.remove();
    rmSync(work, { recursive: true, force: true });
  }, 2 * MINUTE);

  step("data goes in", async () => {
    sending = new Sending(operator);
    if (hasQdrant) {
      const vectors = { size: 2, distance: "Dot" };
      await operator.must("qdrant", "/collections/drill", { vectors }, "PUT");
      const points = [{ id: 7, vector: [1, 0], payload: { text: "seven" } }];
      await operator.must("qdrant", "/collections/drill/points?wait=true", { points }, "PUT");
    }
    const [startsAt, endsAt] = [0, 3_600_000].map((t) => new Date(Date.now() + t).toISOString());
    const matchers = [{ name: "drill", value: "yes", isRegex: false }];
    await operator.must("alertmanager", "/api/v2/silences", {
      ...{ matchers, startsAt, endsAt },
      ...{ createdBy: "drill", comment: "kept" },
    });
    await new Promise((done) => setTimeout(done, 15_000));
    expect(sending.sent.length).toBeGreaterThan(20);
  });

  step("a backup killed in the midst of Loki's part leaves Loki stopped", async () => {
    const main = ["--import", "tsx", "commands/main.ts"];
    const args = ["backup", "--stack", stack.name, "--to", to, ...withPassphrase];
    const child = spawn(process.execPath, [...main, ...args], {
      cwd: PROJECT,
      env: { ...process.env, TRACEKEEP_HOME: stack.home, PULUMI_CONFIG_PASSPHRASE: undefined },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const ended = new Promise<void>((done) => child.once("close", () => done()));
    await eventually(
      () => (/data of loki/.test(said) ? Promise.resolve() : Promise.reject(new Error(said))),
      { timeout: 2 * MINUTE, interval: 10 },
    );
    child.kill("SIGKILL");
    await ended;
    await eventually(async () => expect(Object.keys(await stack.running())).not.toContain("loki"));
    expect(readManifest(to)).toMatchObject({ stopped: "loki" });
    expect(readManifest(to)?.finishedAt).toBeUndefined();
  });

  step("it goes on under load: nothing is refused, and what is whole is kept", async () => {
    const earlier = readManifest(to)!.parts;
    expect(earlier.map(({ name }) => name)).toContain("state");
    const ran = expectCode(await stack.run("backup", ["--to", to, ...withPassphrase]), 0);
    say(`backup: ${ran.seconds.toFixed(1)} s`);
    manifest = readManifest(to)!;
    for (const { name, bytes, paused } of manifest.parts) {
      say(`  ${name}: ${(bytes / 2 ** 20).toFixed(1)} MiB, stood still for ${paused.toFixed(1)} s`);
    }
    expect(manifest.parts.slice(0, earlier.length)).toEqual(earlier);
    expect(ran.output).toContain("Starting loki, which the interrupted backup left stopped.");
    expect(ran.output).toContain("state: whole already");
    expect(sending.refused).toBe(0);
    expect(Object.keys(await stack.running())).toEqual(running);
    for (const secret of secretsOf(stack).all) expect(ran.output.includes(secret)).toBe(false);
    expect(ran.output).not.toMatch(/PRIVATE KEY|AGE-SECRET/);
  });

  step("no service has lost anything by standing still", async () => {
    await new Promise((done) => setTimeout(done, 5000));
    await sending.end();
    series = await samples(
      operator,
      sending.sent[0].acknowledged,
      until("prometheus") - ON_THE_WAY,
    );
    expect(series).not.toBe("[]");
    await eventually(
      async () => {
        expect(await lackingTraces(operator, sending.sent)).toEqual([]);
        expect(await lackingLines(operator, sending.sent)).toEqual([]);
      },
      { timeout: MINUTE, interval: 2000 },
    );
  });

  step("a restore over what is there is refused", async () => {
    const { code, output } = await stack.run("restore", ["--from", to, ...withPassphrase]);
    expect(code).toBe(1);
    expect(output).toMatch(/is not empty; a restore would mix two stacks. Nothing was changed/);
    expect(output).toContain(`volume tracekeep-${stack.name}-tempo-data`);
  });

  step(
    "a damaged backup, or a wrong passphrase, is refused before anything is touched",
    async () => {
      const damaged = join(work, "damaged");
      cpSync(to, damaged, { recursive: true });
      const file = join(damaged, "tempo.age");
      const bytes = readFileSync(file);
      bytes[bytes.length >> 1] ^= 1;
      writeFileSync(file, bytes);
      const refused = await stack.run("restore", ["--from", damaged, ...withPassphrase]);
      expect(refused.code).toBe(1);
      expect(refused.output).toContain("tempo.age is damaged: its checksum is another");
      const wrong = join(work, "wrong");
      writeFileSync(wrong, "another passphrase\n");
      const closed = await stack.run("restore", ["--from", to, "--passphrase-file", wrong]);
      expect(closed.code).toBe(1);
      expect(closed.output).toContain("The passphrase does not open this backup.");
    },
  );

  step("the stack goes, with its volumes, its state, its passphrase and its file", async () => {
    destroyed = Date.now();
    expectCode(await stack.run("destroy", ["--delete-data", "--yes"]), 0);
    expect(await stack.things()).toEqual([]);
    rmSync(stack.home, { recursive: true });
    mkdirSync(stack.home);
  });

  step("a restore brings it back, verified, from the backup alone", async () => {
    const ran = expectCode(await stack.run("restore", ["--from", to, ...withPassphrase]), 0);
    say(`restore: ${ran.seconds.toFixed(1)} s, \`up\` and verification among them`);
    expect(ran.output).toMatch(/verified: stack e2e-\w+, \d+ hops ok/);
    expect(ran.stdout).toContain(`Stack "${stack.name}" is restored and verified`);
    expect(Object.keys(await stack.running())).toEqual(running);
    expect(secretsOf(stack).generated).toEqual(secrets);
    expect(existsSync(join(stack.home, `restore-${stack.name}.json`))).toBe(false);
  });

  const gap = (what: string, store: string, lacking: readonly Sent[]) => {
    const first = lacking.map(({ acknowledged }) => acknowledged).sort((a, b) => a - b)[0];
    const seconds = first === undefined ? 0 : (destroyed - first) / 1000;
    say(
      `${what}: ${sending.sent.length - lacking.length} of ${sending.sent.length} are back; ` +
        `gap ${seconds.toFixed(1)} s until the loss of the stack, ${store} copied ${((destroyed - until(store)) / 1000).toFixed(1)} s before it`,
    );
  };

  step(
    "the same traces, lines, samples and vectors come back, to a certificate of before",
    async () => {
      const traces = await lackingTraces(operator, sending.sent);
      const lines = await lackingLines(operator, sending.sent);
      gap("traces", "tempo", traces);
      gap("log lines", "loki", lines);
      const due = (moment: number, lacking: readonly Sent[]) =>
        lacking.filter(({ acknowledged }) => acknowledged < moment - ON_THE_WAY);
      expect(before(until("tempo") - ON_THE_WAY).length).toBeGreaterThan(20);
      expect(due(until("tempo"), traces)).toEqual([]);
      expect(due(until("loki"), lines)).toEqual([]);
      const end = until("prometheus") - ON_THE_WAY;
      expect(await samples(operator, sending.sent[0].acknowledged, end)).toBe(series);
      const silences = await operator.must<{ comment: string }[]>(
        "alertmanager",
        "/api/v2/silences",
      );
      expect(silences.map(({ comment }) => comment)).toContain("kept");
      if (running.includes("jaeger")) {
        const [{ id }] = sending.sent;
        expect(await operator.must("jaeger", `/api/v3/traces/${id}`)).toBeDefined();
      }
      if (hasQdrant) {
        const path = "/collections/drill/points/query";
        const query = { query: [1, 0], limit: 1, with_payload: true };
        expect(await operator.must("qdrant", path, query)).toMatchObject({
          result: { points: [{ id: 7, payload: { text: "seven" } }] },
        });
      }
    },
  );

  step("what is restored is as `up` leaves it", async () => {
    const ran = expectCode(await stack.run("preview", [], ["--expect-no-changes"]), 0);
    expect(ran.output).not.toMatch(/^ +[~+-]/m);
  });
});
