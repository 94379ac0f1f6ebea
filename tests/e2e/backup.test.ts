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
import type { Readable } from "node:stream";
import { readManifest, type Manifest } from "../../commands/backup/manifest";
import { bucketPlace } from "../../commands/backup/place-bucket";
import { directoryPlace } from "../../commands/backup/place-directory";
import { eventually } from "../helpers/ports";
import { startS3, type S3Server } from "../helpers/s3-server";
import { findProgram } from "../helpers/servers";
import { describeUnless } from "../helpers/skip";
import { expectCode, say } from "./command";
import {
  filesWith,
  lackingLines,
  lackingTraces,
  Operator,
  samples,
  Sending,
  whoShows,
  type Sent,
} from "./drill";
import { lackingImage } from "./images";
import { lackingDocker, lackingForUp, PUBLISHED_IMAGES } from "./needs";
import { freePorts, imageOptions, TestStack } from "./stack";
import { secretsOf } from "./state";

const PROJECT = resolve(__dirname, "../..");
const MINUTE = 60_000;
const PASSPHRASE = "a passphrase of the drill";

const hasQdrant = PUBLISHED_IMAGES || lackingImage("qdrant") === undefined;

describeUnless([...lackingDocker(), ...lackingForUp()], "Backup and restore, the drill", () => {
  const work = mkdtempSync(join(tmpdir(), "tracekeep-drill-"));
  const to = join(work, "backup");
  const place = directoryPlace(to);
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
  let from: string;
  let bucket: S3Server | undefined;
  const environment = { ...process.env };
  /** Whether all went well until here; what comes next says nothing otherwise. */
  let well = false;
  const step = (name: string, run: () => Promise<void>, timeout = 10 * MINUTE) =>
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
  const until = (name: string) =>
    Date.parse(manifest.parts.find((part) => part.name === name)!.until);
  /** All that the collector had acknowledged when its queue was copied: what the backup must have. */
  const due = <T extends Sent>(sent: readonly T[]) =>
    sent.filter(({ acknowledged }) => acknowledged < until("collector"));

  /** Starts a command as a process of its own, and kills it once it says something, and `then`. */
  async function killed(args: readonly string[], pattern: RegExp, then?: Promise<unknown>) {
    const main = ["--import", "tsx", "commands/main.ts"];
    const child = spawn(process.execPath, [...main, ...args, "--stack", stack.name], {
      cwd: PROJECT,
      env: { ...process.env, TRACEKEEP_HOME: stack.home, PULUMI_CONFIG_PASSPHRASE: undefined },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const ended = new Promise<void>((done) => child.once("close", () => done()));
    const failed = ended.then(() => Promise.reject(new Error(`ended by itself: ${said}`)));
    try {
      const heard = eventually(
        () => (pattern.test(said) ? Promise.resolve() : Promise.reject(new Error(said))),
        { timeout: 2 * MINUTE, interval: 10 },
      );
      await Promise.race([Promise.all([heard, then]), failed]);
    } finally {
      child.kill("SIGKILL");
    }
    await ended;
  }

  /** The backup, in a bucket where there is a server of one: copied there as any program does. */
  async function inBucket(): Promise<string> {
    if (findProgram("versitygw") === undefined) return to;
    bucket = await startS3("backups");
    const ca = join(work, "s3.crt");
    writeFileSync(ca, bucket.ca);
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_S3: `https://${bucket.endpoint}`,
      AWS_CA_BUNDLE: ca,
      AWS_ACCESS_KEY_ID: bucket.accessKeyId,
      AWS_SECRET_ACCESS_KEY: bucket.secretAccessKey,
    });
    const far = await bucketPlace(`s3://${bucket.bucket}/drill`);
    for (const file of await place.list()) await far.write(file, place.read(file));
    return far.name;
  }

  beforeAll(async () => {
    writeFileSync(passphrase, `${PASSPHRASE}\n`, { mode: 0o600 });
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
  }, 10 * MINUTE);

  afterAll(async () => {
    await sending?.end();
    operator?.forget();
    await stack?.remove();
    process.env = environment;
    await bucket?.stop();
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
    await eventually(
      () => {
        expect(sending.sent.length).toBeGreaterThan(30);
        return Promise.resolve();
      },
      { timeout: MINUTE, interval: 500 },
    );
  });

  step("a backup killed in the midst of Loki's part leaves Loki stopped", async () => {
    const container = [`tracekeep-${stack.name}-loki`];
    const events = await stack.docker.getEvents({ filters: { container, event: ["kill"] } });
    const asked = new Promise((done) => events.once("data", done));
    try {
      await killed(["backup", "--to", to, ...withPassphrase], /data of loki/, asked);
    } finally {
      (events as Readable).destroy();
    }
    await eventually(async () => expect(Object.keys(await stack.running())).not.toContain("loki"));
    const left = await readManifest(place);
    expect(left).toMatchObject({ stopped: "loki" });
    expect(left?.finishedAt).toBeUndefined();
  });

  step("it is none to restore from", async () => {
    const { code, output } = await stack.run("restore", ["--from", to, ...withPassphrase]);
    expect(code).toBe(1);
    expect(output).toContain("was interrupted before its end. Nothing was changed.");
  });

  step("it goes on under load: nothing is refused, and what is whole is kept", async () => {
    const earlier = (await readManifest(place))!.parts;
    expect(earlier.map(({ name }) => name)).toEqual(expect.arrayContaining(["state", "collector"]));
    const isHeld = () =>
      expect(existsSync(join(stack.home, "locks", `${stack.name}.json`))).toBe(true);
    const [{ result, shown }, second] = await Promise.all([
      whoShows(PASSPHRASE, () => stack.run("backup", ["--to", to, ...withPassphrase])),
      eventually(() => Promise.resolve(isHeld()), { timeout: MINUTE, interval: 50 }).then(() =>
        stack.run("backup", ["--to", join(work, "second"), ...withPassphrase]),
      ),
    ]);
    expect(expectCode(second, 1).output).toContain("is in the hands of another run");
    const ran = expectCode(result, 0);
    say(`backup: ${ran.seconds.toFixed(1)} s; ${/copied were .*/.exec(ran.stdout)?.[0]}`);
    manifest = (await readManifest(place))!;
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
    expect(ran.output).not.toContain(PASSPHRASE);
    expect(shown).toEqual([]);
    expect([...filesWith(PASSPHRASE, to), ...filesWith(PASSPHRASE, stack.home)]).toEqual([]);
  });

  step("no service has lost anything by standing still", async () => {
    await new Promise((done) => setTimeout(done, 3000));
    await sending.end();
    await eventually(
      async () => {
        expect(await lackingTraces(operator, sending.sent)).toEqual([]);
        expect(await lackingLines(operator, sending.sent)).toEqual([]);
      },
      { timeout: MINUTE, interval: 2000 },
    );
    series = await samples(operator, sending.sent[0].at, due(sending.sent).at(-1)!.at);
    expect(series).not.toBe("[]");
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
      const wrong = join(work, "wrong");
      writeFileSync(wrong, "another passphrase\n");
      const [refused, closed] = await Promise.all([
        stack.run("restore", ["--from", damaged, ...withPassphrase]),
        stack.run("restore", ["--from", to, "--passphrase-file", wrong]),
      ]);
      expect(refused.code).toBe(1);
      expect(refused.output).toContain("tempo.age is damaged: its checksum is another");
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

  step("a restore killed in the midst of Loki's data is no stack", async () => {
    from = await inBucket();
    await killed(["restore", "--from", from, ...withPassphrase], /data of loki/);
    const up = await stack.run("up");
    expect(up.code).toBe(1);
    expect(up.output).toContain("was interrupted, and its data is not all back");
    expect(await stack.running()).toEqual({});
  });

  step("gone on with, it brings the stack back, verified, from the backup alone", async () => {
    const { result, shown } = await whoShows(PASSPHRASE, () =>
      stack.run("restore", ["--from", from, ...withPassphrase]),
    );
    const ran = expectCode(result, 0);
    say(`restore from ${from}: ${ran.seconds.toFixed(1)} s, \`up\` and verification among them`);
    expect(ran.output).not.toContain("Restoring the state");
    expect(ran.output).toMatch(/verified: stack e2e-\w+, \d+ hops ok/);
    expect(ran.stdout).toContain(`Stack "${stack.name}" is restored and verified`);
    expect(ran.output).not.toContain(PASSPHRASE);
    expect(shown).toEqual([]);
    expect(Object.keys(await stack.running())).toEqual(running);
    expect(secretsOf(stack).generated).toEqual(secrets);
    expect(existsSync(join(stack.home, `restore-${stack.name}.json`))).toBe(false);
  });

  const gap = (what: string, store: string, lacking: readonly Sent[]) => {
    const first = lacking.map(({ acknowledged }) => acknowledged).sort((a, b) => a - b)[0];
    const seconds = first === undefined ? 0 : (destroyed - first) / 1000;
    const before = (moment: number) => ((destroyed - moment) / 1000).toFixed(1);
    say(
      `${what}: ${sending.sent.length - lacking.length} of ${sending.sent.length} are back, ` +
        `${due(lacking).length} of ${due(sending.sent).length} that are due are lost; the oldest lacking is of ` +
        `${seconds.toFixed(1)} s before the loss of the stack, the copy of ${store} of ${before(until(store))} s`,
    );
  };

  step(
    "the same traces, lines, samples and vectors come back, to a certificate of before",
    async () => {
      expect(due(sending.sent).length).toBeGreaterThan(30);
      let traces: Sent[] = [];
      let lines: Sent[] = [];
      // What was in the queue goes to the stores now.
      const back = async () => {
        traces = await lackingTraces(operator, sending.sent);
        lines = await lackingLines(operator, sending.sent);
        expect({ traces: due(traces), lines: due(lines) }).toEqual({ traces: [], lines: [] });
      };
      await eventually(back, { timeout: 30_000, interval: 2000 }).finally(() => {
        gap("traces", "tempo", traces);
        gap("log lines", "loki", lines);
      });
      const end = due(sending.sent).at(-1)!.at;
      expect(await samples(operator, sending.sent[0].at, end)).toBe(series);
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
