import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { call } from "../../components/verification/client";
import { splitPem } from "../helpers/pem";
import { eventually } from "../helpers/ports";
import { retryingSender } from "../helpers/retrying-sender";
import { describeUnless } from "../helpers/skip";
import { expectCode, say, type Ran } from "./command";
import { lackingDocker, lackingForUp } from "./needs";
import { hasTrace } from "./operator";
import { freePorts, imageOptions, TestStack } from "./stack";
import { secretsOf } from "./state";

const MINUTE = 60_000;

describeUnless([...lackingDocker(), ...lackingForUp()], "A rotation", () => {
  let stack: TestStack;
  let ports: Record<string, Record<string, number>>;
  let isUp = false;
  const onStack = (name: string, run: () => Promise<void>, timeout = 4 * MINUTE) =>
    test(
      name,
      async () => {
        if (!isUp) throw new Error("not run: the first `up` failed");
        await run();
      },
      timeout,
    );
  const rotate = (kind: string, ...args: string[]) => stack.run("rotate", [kind, ...args]);
  /** The application's own files, as they were when it last took them. */
  interface Files {
    root: string;
    certificate: string;
    key: string;
  }
  const filesOf = async (): Promise<Files> => {
    expectCode(await stack.run("env", ["--app", "shop"]), 0);
    const read = (name: string) =>
      readFileSync(join(stack.home, stack.name, "apps/shop", name), "utf8");
    return { root: read("ca.crt"), certificate: read("tls.crt"), key: read("tls.key") };
  };
  /** Whether the application, with these files, is served at the intake. */
  const isServed = async ({ root, ...identity }: Files): Promise<boolean> => {
    const address = {
      host: "127.0.0.1",
      port: ports.collector.otlpHttp,
      serverName: "collector",
      root,
    };
    try {
      const { status } = await call(address, {
        path: "/v1/traces",
        identity,
        headers: { "content-type": "application/json" },
        body: "{}",
      });
      return status === 200;
    } catch {
      return false;
    }
  };
  const said = (ran: Ran, what: string) => say(`${what}: ${ran.seconds.toFixed(1)} s`);
  const acknowledged: string[] = [];
  /** Runs a command while the application sends with the files that it has; it loses nothing. */
  const whileSending = async (files: Files, what: string, work: () => Promise<Ran>) => {
    const { root, ...identity } = files;
    const port = ports.collector.otlpHttp;
    const address = { host: "127.0.0.1", port, serverName: "collector", root };
    const sender = retryingSender(() => ({ address, identity }), {
      perSecond: 5,
      giveUpAfter: 2 * MINUTE,
    });
    const ran = await work().catch(async (error: unknown) => {
      await sender.stop();
      throw error;
    });
    const sent = await sender.stop();
    said(
      ran,
      `${what}: ${sent.acknowledged.length} traces acknowledged, ${sent.refused} attempts repeated, ` +
        `longest gap ${sent.longestGap.toFixed(1)} s; it took`,
    );
    expect(sent.given).toEqual([]);
    expect(sent.acknowledged.length).toBeGreaterThan(50);
    acknowledged.push(...sent.acknowledged);
    return { ran, sent };
  };

  beforeAll(async () => {
    ports = await freePorts();
    stack = new TestStack({
      ports,
      ...imageOptions(),
      grafana: { enabled: false },
      jaeger: { enabled: false },
      alertmanager: { enabled: false },
      apps: [{ name: "shop", qdrant: true }],
    });
    expectCode(await stack.run("up"), 0);
    isUp = true;
  }, 5 * MINUTE);
  afterAll(() => stack?.remove(), 2 * MINUTE);

  let old: Files;
  let both: Files;

  onStack("of the CA waits behind its first step, until who is outside has its files", async () => {
    old = await filesOf();
    expect(splitPem(old.root)).toHaveLength(1);
    const before = await stack.running();
    const { ran } = await whileSending(old, "step 1", async () =>
      expectCode(await rotate("ca"), 0),
    );
    expect(ran.output).toMatch(/Step 1 of 3:[^]+verified: stack[^]+before step 2|Before step 2/i);
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
  });

  onStack("goes on with the second, which replaces no process", async () => {
    const before = await stack.running();
    const { ran, sent } = await whileSending(both, "step 2", async () =>
      expectCode(await rotate("ca"), 0),
    );
    expect(sent.refused).toBe(0);
    expect(ran.output).toMatch(/is at step 1 of 3\.\n\nStep 2 of 3/);
    expect(await stack.running()).toEqual(before);
    // Who has both roots is served with the old certificate; who has the old root alone is no more sure of the server.
    expect([await isServed(old), await isServed(both)]).toEqual([false, true]);
    expect(await isServed(await filesOf())).toBe(true);
  });

  onStack("ends with the third, after which the old certificate is refused", async () => {
    const renewed = await filesOf();
    const { ran } = await whileSending(renewed, "step 3", async () =>
      expectCode(await rotate("ca"), 0),
    );
    expect(ran.output).toContain("Refused at every published listener: a certificate of before.");
    const now = await filesOf();
    expect(splitPem(now.root)).toHaveLength(1);
    expect(now.certificate).toBe(renewed.certificate);
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
        const known = await Promise.all(missing.map((id) => hasTrace(stack, ports.tempo.http, id)));
        missing = missing.filter((_, index) => !known[index]);
        expect(missing).toEqual([]);
      },
      { timeout: MINUTE, interval: 2000 },
    ).finally(() => say(`of ${acknowledged.length} acknowledged traces ${missing.length} lost`));
  });

  onStack("is not undone by a stack file of before it", async () => {
    stack.configure({});
    const ran = expectCode(await stack.run("up"), 1);
    expect(ran.output).toMatch(/The stack signs with CA 2; its file asks for CA 1/);
    stack.configure({ certificates: { generation: 2 } });
    expectCode(await stack.run("preview"), 0);
  });

  onStack("of a compromised CA is one step, with other keys", async () => {
    const before = await filesOf();
    const asked = expectCode(await rotate("ca", "--compromised"), 1);
    expect(asked.output).toMatch(/add --yes\. Nothing was changed/);
    const ran = expectCode(await rotate("ca", "--compromised", "--yes"), 0);
    said(ran, "of a compromised CA");
    const now = await filesOf();
    expect(now.key).not.toBe(before.key);
    expect([await isServed(now), await isServed({ ...before, root: now.root })]).toEqual([
      true,
      false,
    ]);
  });

  onStack("of secrets makes others of them, and the old ones are refused", async () => {
    const { generated: before } = secretsOf(stack);
    const refused = expectCode(await rotate("secrets", "grafanaSecretKey"), 1);
    expect(refused.output).toContain("cannot be rotated");
    const running = await stack.running();
    const ran = expectCode(await rotate("secrets"), 0);
    said(ran, "secrets");
    const { generated: after } = secretsOf(stack);
    const changed = Object.keys(before).filter((name) => before[name] !== after[name]);
    expect(changed.sort()).toEqual(["qdrantApiKey", "qdrantReadOnlyKey"]);
    expect(ran.output).toContain("Refused now: qdrantApiKey, qdrantReadOnlyKey of before.");
    const now = await stack.running();
    const replaced = Object.keys(now).filter((name) => now[name] !== running[name]);
    expect(replaced).toEqual(["prometheus", "qdrant"]);
    // Protected again: `destroy` leaves them with the data.
    expectCode(await stack.run("destroy"), 0);
    expect(secretsOf(stack).generated).toEqual(after);
    for (const secret of [...Object.values(before), ...Object.values(after)]) {
      expect(ran.output.includes(secret)).toBe(false);
    }
  });
});
