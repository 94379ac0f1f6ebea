import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { call, type Address, type Identity } from "../../components/verification/client";
import { splitPem } from "../helpers/pem";
import { eventually } from "../helpers/ports";
import { missingOf, retryingSender } from "../helpers/retrying-sender";
import { describeUnless } from "../helpers/skip";
import { expectCode, npmRun, say, type HowToRun, type Ran } from "./command";
import { lackingDocker, lackingForUp } from "./needs";
import { testsOnStack } from "./on-stack";
import { hasTrace } from "./operator";
import { freePorts, imageOptions, TestStack } from "./stack";
import { exported, secretsOf } from "./state";

const MINUTE = 60_000;

/** The fast path takes its time, too: it is left out where nobody asks for it. */
const LONG = process.env.TRACEKEEP_E2E_LONG === "1";

/** Seconds that senders may be refused for while the collector alone is replaced. */
const LONGEST_GAP = 25;

/** Exit code of a command that a SIGKILL ended. */
const KILLED = null;

/** What the tests read of Pulumi's state file. */
interface Checkpoint {
  checkpoint: { latest: { resources: { type: string; protect?: boolean }[] } };
}

type Cut = Pick<HowToRun, "interrupted" | "killed">;

describeUnless([...lackingDocker(), ...lackingForUp()], "A rotation", () => {
  let stack: TestStack;
  let ports: Record<string, Record<string, number>>;
  const { onStack, cameUp } = testsOnStack(10 * MINUTE);
  const rotate = (kind: string, args: readonly string[] = [], cut: Cut = {}) => {
    const all = [kind, "--stack", stack.name, ...args];
    return npmRun("rotate", all, { TRACEKEEP_HOME: stack.home }, cut);
  };
  /** The application's own files, as they were when it last took them. */
  interface Files {
    root: string;
    identity: Identity;
  }
  const filesOf = async (): Promise<Files> => {
    expectCode(await stack.run("env", ["--app", "shop"]), 0);
    const read = (name: string) =>
      readFileSync(join(stack.home, stack.name, "apps/shop", name), "utf8");
    return {
      root: read("ca.crt"),
      identity: { certificate: read("tls.crt"), key: read("tls.key") },
    };
  };
  const address = (serverName: string, port: number, root: string): Address => ({
    ...{ host: "127.0.0.1", port, serverName, root },
  });
  const intake = (root: string) => address("collector", ports.collector.otlpHttp, root);
  /** Whether the application, with these files, is served at the intake. */
  const isServed = async ({ root, identity }: Files): Promise<boolean> => {
    const headers = { "content-type": "application/json" };
    const request = { path: "/v1/traces", identity, headers, body: "{}" };
    return call(intake(root), request).then(
      ({ status }) => status === 200,
      () => false,
    );
  };
  const acknowledged: string[] = [];
  /** Runs commands while the application sends with the files that it has; it loses nothing. */
  const whileSending = async (files: Files, what: string, work: () => Promise<Ran>) => {
    const { root, identity } = files;
    const sender = retryingSender(() => ({ address: intake(root), identity }), {
      perSecond: 3,
      giveUpAfter: 2 * MINUTE,
    });
    const started = performance.now();
    const ran = await work().catch(async (error: unknown) => {
      await sender.stop();
      throw error;
    });
    const seconds = (performance.now() - started) / 1000;
    const sent = await sender.stop();
    say(
      `${what}: ${sent.acknowledged.length} traces acknowledged, ${sent.refused} attempts repeated, ` +
        `longest gap ${sent.longestGap.toFixed(1)} s; it took ${seconds.toFixed(1)} s`,
    );
    expect(sent.given).toEqual([]);
    expect(sent.acknowledged.length).toBeGreaterThan(50);
    acknowledged.push(...sent.acknowledged);
    return { ran, sent };
  };
  /** Resolved when the first process is another than before. */
  const firstReplaced = async (before: Readonly<Record<string, string>>) => {
    const isOther = async () => {
      const now = await stack.running();
      return Object.keys(now).some((service) => now[service] !== before[service]);
    };
    await eventually(async () => expect(await isOther()).toBe(true), {
      timeout: 2 * MINUTE,
      interval: 300,
    });
  };
  /** Resolved when Pulumi, told that it may replace the passwords, has begun to. */
  const passwordsInTheMaking = async () => {
    const pulumi = join(stack.home, "state/.pulumi");
    const state = join(pulumi, "stacks/tracekeep", `${stack.name}.json`);
    const locks = join(pulumi, "locks/organization/tracekeep", stack.name);
    const protection = () => {
      const { checkpoint } = JSON.parse(readFileSync(state, "utf8")) as Checkpoint;
      const passwords = checkpoint.latest.resources.filter(({ type }) =>
        type.endsWith(":RandomPassword"),
      );
      return passwords.filter(({ protect }) => protect).length;
    };
    const isLocked = () => existsSync(locks) && readdirSync(locks).length > 0;
    const before = protection();
    const is = (check: () => boolean) =>
      eventually(() => Promise.resolve().then(() => expect(check()).toBe(true)), {
        timeout: 2 * MINUTE,
        interval: 20,
      });
    // Taking the protection off locks the state, too.
    await is(() => protection() === before - 2 && !isLocked());
    await is(isLocked);
  };

  beforeAll(async () => {
    ports = await freePorts();
    stack = new TestStack({
      ports,
      ...imageOptions(),
      grafana: { enabled: false },
      jaeger: { enabled: false },
      alertmanager: { enabled: false },
      // Each step is verified all the same.
      verification: { enabled: false },
      apps: [{ name: "shop", qdrant: true }],
    });
    const { seconds } = expectCode(await stack.run("up"), 0);
    say(`\`up\`: ${seconds.toFixed(1)} s`);
    cameUp();
  }, 5 * MINUTE);
  afterAll(() => stack?.remove(), 2 * MINUTE);

  let old: Files;
  let both: Files;

  onStack(
    "of the CA, interrupted in its first step, does that again and waits for who is outside",
    async () => {
      old = await filesOf();
      expect(splitPem(old.root)).toHaveLength(1);
      const before = await stack.running();
      const { ran, sent } = await whileSending(old, "step 1, once interrupted", async () => {
        const first = expectCode(await rotate("ca", [], { interrupted: firstReplaced(before) }), 1);
        expect(first.output).toMatch(/Step 1 did not end well[^]+go on with: npm run rotate -- ca/);
        return expectCode(await rotate("ca"), 0);
      });
      expect(sent.longestGap).toBeLessThan(LONGEST_GAP);
      expect(ran.output).toMatch(/is at step 1 of 3\.[^]+done again\.[^]+verified: stack/);
      expect(ran.output).toContain(`npm run env -- --stack ${stack.name} --app shop`);
      expect(ran.output).toMatch(/Step 1 of 3 is done/);
      const after = await stack.running();
      expect(Object.keys(after)).toEqual(Object.keys(before));
      for (const service of Object.keys(before)) expect(after[service]).not.toBe(before[service]);
      both = await filesOf();
      expect(splitPem(both.root)).toHaveLength(2);
      expect([await isServed(old), await isServed(both)]).toEqual([true, true]);
      const journal = statSync(join(stack.home, stack.name, "rotation.json"));
      expect(journal.mode & 0o777).toBe(0o600);
    },
  );

  onStack("goes on with the second, which replaces no process and refuses nobody", async () => {
    const before = await stack.running();
    const { ran, sent } = await whileSending(both, "step 2", async () =>
      expectCode(await rotate("ca"), 0),
    );
    expect(sent.refused).toBe(0);
    expect(ran.output).toMatch(/is at step 1 of 3\.\n\nStep 2 of 3/);
    expect(await stack.running()).toEqual(before);
    // Who has both roots is served with the old certificate; who has the old root alone is no more sure of the server.
    expect([await isServed(old), await isServed(both)]).toEqual([false, true]);
  });

  onStack("ends with the third, killed once, and then refuses the old certificate", async () => {
    const renewed = await filesOf();
    expect(await isServed(renewed)).toBe(true);
    const before = await stack.running();
    const { ran, sent } = await whileSending(renewed, "step 3, once killed", async () => {
      expectCode(await rotate("ca", [], { killed: firstReplaced(before) }), KILLED);
      return expectCode(await rotate("ca"), 0);
    });
    expect(sent.longestGap).toBeLessThan(LONGEST_GAP);
    expect(ran.output).toMatch(/is at step 3 of 3\.[^]+done again\.[^]+verified: stack/);
    expect(ran.output).toContain("Refused at every published listener: a certificate of before.");
    const now = await filesOf();
    expect(splitPem(now.root)).toHaveLength(1);
    expect(now.identity).toEqual(renewed.identity);
    expect([await isServed(now), await isServed({ ...old, root: now.root })]).toEqual([
      true,
      false,
    ]);
    const file = readFileSync(join(stack.home, `Pulumi.${stack.name}.yaml`), "utf8");
    expect(file).toMatch(/generation: 2\n/);
    expect(file).not.toContain("alsoTrusted");
  });

  onStack("has lost no trace that was acknowledged", async () => {
    expectCode(await stack.run("env", ["--operator"]), 0);
    let missing = acknowledged;
    await eventually(
      async () => {
        missing = await missingOf(missing, (id) => hasTrace(stack, ports.tempo.http, id));
        expect(missing).toEqual([]);
      },
      { timeout: 2 * MINUTE, interval: 2000 },
    ).finally(() => say(`of ${acknowledged.length} acknowledged traces ${missing.length} lost`));
  });

  onStack("is not undone by a stack file of before it", async () => {
    stack.configure({});
    const ran = expectCode(await stack.run("up"), 1);
    expect(ran.output).toMatch(/The stack signs with CA 2; its file asks for CA 1/);
    // Pulumi would spoil its state: what is not to be changed would depend on what is not there.
    const secrets = expectCode(await rotate("secrets"), 1);
    expect(secrets.output).toMatch(/The stack is not as its file says[^]+Nothing was changed/);
    stack.configure({ certificates: { generation: 2 } });
  });

  onStack(
    "of secrets, killed once, makes others of them, and the old ones are refused",
    async () => {
      const { root, identity } = await filesOf();
      const qdrant = address("qdrant", ports.qdrant.rest, root);
      const takes = async (key: string) => {
        const headers = { "api-key": key };
        return (await call(qdrant, { path: "/collections", identity, headers })).status;
      };
      const { generated: before } = secretsOf(stack);
      expect(await takes(before.qdrantApiKey)).toBe(200);
      const refused = expectCode(await rotate("secrets", ["grafanaSecretKey"]), 1);
      expect(refused.output).toContain("cannot be rotated");
      const running = await stack.running();
      expectCode(await rotate("secrets", [], { killed: passwordsInTheMaking() }), KILLED);
      const ran = expectCode(await rotate("secrets"), 0);
      expect(ran.output).toContain("A rotation of secrets that is not done yet goes on");
      say(`secrets: ${ran.seconds.toFixed(1)} s`);
      const { generated: after } = secretsOf(stack);
      const changed = Object.keys(before).filter((name) => before[name] !== after[name]);
      expect(changed.sort()).toEqual(["qdrantApiKey", "qdrantReadOnlyKey"]);
      expect(ran.output).toContain("Refused now: qdrantApiKey, qdrantReadOnlyKey of before.");
      for (const name of changed) {
        expect([await takes(before[name]), await takes(after[name])]).toEqual([401, 200]);
      }
      const now = await stack.running();
      const replaced = Object.keys(now).filter((name) => now[name] !== running[name]);
      expect(replaced).toEqual(["prometheus", "qdrant"]);
      // Protected again: `destroy` leaves them with the data.
      const passwords = exported(stack).deployment.resources.filter(({ type }) =>
        type.endsWith(":RandomPassword"),
      );
      expect(passwords.map(({ protect }) => protect)).toEqual(passwords.map(() => true));
      for (const secret of [...Object.values(before), ...Object.values(after)]) {
        expect(ran.output.includes(secret)).toBe(false);
      }
    },
  );

  // It replaces every process that trusts: minutes, so only in the long form.
  (LONG ? onStack : test.skip)("of a compromised CA is one step, with other keys", async () => {
    const before = await filesOf();
    const asked = expectCode(await rotate("ca", ["--compromised"]), 1);
    expect(asked.output).toMatch(/add --yes\. Nothing was changed/);
    const ran = expectCode(await rotate("ca", ["--compromised", "--yes"]), 0);
    say(`of a compromised CA: ${ran.seconds.toFixed(1)} s`);
    const now = await filesOf();
    expect(now.identity.key).not.toBe(before.identity.key);
    expect([await isServed(now), await isServed({ ...before, root: now.root })]).toEqual([
      true,
      false,
    ]);
  });
});
