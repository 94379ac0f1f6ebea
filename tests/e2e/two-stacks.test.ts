import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomInt } from "node:crypto";
import { call } from "../../components/verification/client";
import { canListen } from "../helpers/ports";
import { describeUnless } from "../helpers/skip";
import { askTempo, environmentOf, findTrace, sendTrace, type Variables } from "./application";
import { expectCode, npmRun, say } from "./command";
import { lackingDocker, lackingForUp } from "./needs";
import { testsOnStack } from "./on-stack";
import { freePorts, imageOptions, TestStack } from "./stack";

const MINUTE = 60_000;
const VERIFIED = /verified: stack e2e-\w+, \d+ hops ok/;

type Ports = Awaited<ReturnType<typeof freePorts>>;

/** An offset at which all ports are free too. */
async function freeOffset(ports: Ports): Promise<number> {
  const numbers = Object.values(ports).flatMap((group) => Object.values(group));
  for (;;) {
    const offset = randomInt(1, 500);
    const moved = numbers.map((number) => number + offset);
    if (moved.some((number) => numbers.includes(number))) continue;
    if ((await Promise.all(moved.map((number) => canListen(number)))).every(Boolean)) return offset;
  }
}

const read = (variables: Variables, name: string) => readFileSync(variables[name], "utf8");

const identityOf = (variables: Variables, certificate: string, key: string) => ({
  certificate: read(variables, certificate),
  key: read(variables, key),
});

/** What a stack has on the daemon, by id, or by name and time where there is none. */
async function inventory(stack: TestStack): Promise<string[]> {
  const containers = (await stack.containers()).map(({ Id, State }) => `${State} ${Id}`);
  const volumes = (await stack.volumes()).map(
    (volume) => `${volume.Name} ${(volume as { CreatedAt?: string }).CreatedAt}`,
  );
  const networks = (await stack.networks()).map(({ Id }) => Id);
  return [...containers, ...volumes, ...networks].sort();
}

describeUnless([...lackingDocker(), ...lackingForUp()], "two stacks on one daemon", () => {
  let first: TestStack;
  let second: TestStack;
  let ports: Ports;
  let variables: [Variables, Variables];
  let traces: [string, string];

  const { onStack: onBoth, cameUp } = testsOnStack(2 * MINUTE);

  beforeAll(async () => {
    ports = await freePorts();
    const options = { ports, ...imageOptions(), apps: [{ name: "shop", reads: ["tempo"] }] };
    first = new TestStack(options);
    // The same file but for two lines.
    second = new TestStack({
      ...options,
      namePrefix: `beside-${first.name}`,
      portOffset: await freeOffset(ports),
    });
  }, 10 * MINUTE);

  afterAll(async () => {
    await first?.remove();
    await second?.remove();
  }, 2 * MINUTE);

  test(
    "come up at the same time and are both verified",
    async () => {
      const runs = await Promise.all([first, second].map((stack) => stack.run("up")));
      for (const ran of runs) {
        expect(expectCode(ran, 0).output).toMatch(VERIFIED);
        say(`\`up\` ${ran.seconds.toFixed(1)} s`);
      }
      cameUp();
    },
    6 * MINUTE,
  );

  onBoth("show by names and labels whose is whose, and share nothing", async () => {
    const [one, other] = [await first.things(), await second.things()];
    expect(one.length).toBeGreaterThan(20);
    for (const name of one) expect(name.startsWith(`tracekeep-${first.name}-`)).toBe(true);
    for (const name of other) expect(name.startsWith(`beside-${first.name}-`)).toBe(true);
    // One for one the same things, under other names.
    const rest = (names: string[], prefix: string) =>
      names.map((name) => name.slice(prefix.length).replace(/[0-9a-f]{12}$/, "#")).sort();
    expect(rest(other, `beside-${first.name}`)).toEqual(rest(one, `tracekeep-${first.name}`));
    // Docker's own network of those that have none is everybody's.
    const used = async (stack: TestStack) =>
      (await stack.containers()).flatMap(({ Mounts, NetworkSettings }) => [
        ...Mounts.flatMap((mount) => mount.Name ?? []),
        ...Object.keys(NetworkSettings.Networks).filter((network) => network !== "none"),
      ]);
    const byFirst = new Set(await used(first));
    expect(byFirst.size).toBeGreaterThan(10);
    expect((await used(second)).filter((what) => byFirst.has(what))).toEqual([]);
  });

  onBoth("keep what they are sent to themselves", async () => {
    variables = [await environmentOf(first, "shop"), await environmentOf(second, "shop")];
    traces = [await sendTrace(variables[0]), await sendTrace(variables[1])];
    await findTrace(variables[0], traces[0]);
    await findTrace(variables[1], traces[1]);
    const other = async (which: 0 | 1, id: string) =>
      (await askTempo(variables[which], `/api/v2/traces/${id}`)).body;
    expect(await other(0, traces[1])).not.toContain("shop");
    expect(await other(1, traces[0])).not.toContain("shop");
  });

  onBoth("refuse each other's certificates", async () => {
    const [own, foreign] = variables.map((of) => ({
      root: read(of, "READER_CA_FILE"),
      reader: identityOf(of, "READER_CERTIFICATE_FILE", "READER_KEY_FILE"),
      sender: identityOf(
        of,
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
        "OTEL_EXPORTER_OTLP_CLIENT_KEY",
      ),
    }));
    for (const [port, who, path] of [
      [ports.tempo.http, "reader", "/api/echo"],
      [ports.collector.otlpHttp, "sender", "/v1/traces"],
    ] as const) {
      const dial = ({ root }: typeof own, as: typeof own) =>
        call(
          { host: "127.0.0.1", port, serverName: "localhost", root },
          { path, identity: as[who] },
        );
      // With its own it is heard, so that it is the certificate which is refused.
      expect((await dial(own, own)).status).toBeLessThan(500);
      await expect(dial(own, foreign)).rejects.toThrow(/alert/i);
      // Nor does a client of the other take this one for its own.
      await expect(dial(foreign, foreign)).rejects.toThrow(/certificate/i);
    }
  });

  onBoth(
    "a third of the first one's prefix is refused by name, before anything is made",
    async () => {
      const before = await inventory(first);
      const third = new TestStack({
        ...imageOptions(),
        ports: await freePorts(),
        namePrefix: `tracekeep-${first.name}`,
      });
      try {
        const ran = expectCode(await third.run("up"), 1);
        expect(ran.output).toMatch(
          new RegExp(
            `The name prefix "tracekeep-${first.name}" of stack "${third.name}" is taken on this Docker host: \\w+ "tracekeep-${first.name}-[\\w-]+" is stack "${first.name}"'s.*; nothing was changed\\.`,
          ),
        );
        expect(() => third.state()).toThrow(/ENOENT/);
        expect(await third.things()).toEqual([]);
        expect(await inventory(first)).toEqual(before);
      } finally {
        await third.remove();
      }
    },
  );

  onBoth("one of the first one's name, of another state, is refused as well", async () => {
    const before = await inventory(first);
    const home = mkdtempSync(join(tmpdir(), "tracekeep-e2e-"));
    const file = `Pulumi.${first.name}.yaml`;
    try {
      cpSync(join(first.home, file), join(home, file));
      const ran = await npmRun("up", ["--stack", first.name], { TRACEKEEP_HOME: home });
      expect(expectCode(ran, 1).output).toContain(
        `A stack "${first.name}" of another state is on this Docker host already`,
      );
      expect(await inventory(first)).toEqual(before);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });

  onBoth(
    "go away without a trace in the other",
    async () => {
      const before = await inventory(first);
      expectCode(await second.run("destroy", ["--delete-data", "--yes"]), 0);
      expect(await second.things()).toEqual([]);
      expect(await inventory(first)).toEqual(before);
      await findTrace(variables[0], traces[0]);
      expect(expectCode(await first.run("verify"), 0).output).toMatch(VERIFIED);
    },
    3 * MINUTE,
  );
});
