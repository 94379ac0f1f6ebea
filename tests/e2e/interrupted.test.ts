import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describeUnless } from "../helpers/skip";
import { bothSides } from "./both-sides";
import { expectCode, say } from "./command";
import { leftBy, upUntil, type Cut, type CutRun, type Moment } from "./interruption";
import { lackingDocker, lackingForUp } from "./needs";
import { freePorts, imageOptions, TestStack } from "./stack";
import { changesIn } from "./summary";

const MINUTE = 60_000;
/** What the tests change in Pulumi's state file. */
interface Checkpoint {
  checkpoint: {
    latest: {
      resources: { urn: string; initErrors?: string[]; outputs: Record<string, unknown> }[];
    };
  };
}

const VERIFIED = /verified: stack e2e-\w+, \d+ hops ok/;

/** How many moments lie between two cuts: a number, or `every` moment, one operation at a time. */
const FORM = process.env.TRACEKEEP_INTERRUPT ?? "21";
const EVERY = FORM === "every";
const STEP = EVERY ? 1 : Number(FORM);
const CUTS: Cut[] = EVERY
  ? ["all", "all", "all", "all", "all", "engine", "all", "all", "all", "interrupt", "all"]
  : ["all", "engine", "all", "interrupt"];
/** Milliseconds between a moment and the cut: what stands in the state by then is one time this, one time that. */
const AFTER = [0, 5, 30, 120, 0, 400];

describeUnless([...lackingDocker(), ...lackingForUp()], "an interrupted `up`", () => {
  let stack: TestStack;
  const runs: CutRun[] = [];

  beforeAll(async () => {
    stack = new TestStack({ ports: await freePorts(), ...imageOptions() });
  }, 10 * MINUTE);
  afterAll(() => stack?.remove(), 2 * MINUTE);

  test(
    `cut short at every ${EVERY ? "" : `${STEP}th `}moment of a deployment, is ended by the next one`,
    async () => {
      const seen = new Set<Moment>();
      const started = performance.now();
      for (;;) {
        const cuts = runs.length;
        const run = await upUntil(
          stack,
          (moment) => {
            if (seen.has(moment)) return undefined;
            seen.add(moment);
            if (seen.size % STEP !== 0) return undefined;
            return { how: CUTS[cuts % CUTS.length], after: AFTER[cuts % AFTER.length] };
          },
          EVERY ? ["--parallel", "1"] : [],
        );
        if (run.at === undefined) {
          expectCode({ ...run, stdout: "", at: () => undefined }, 0);
          expect(run.output).toMatch(VERIFIED);
          break;
        }
        runs.push(run);
        say(`${run.seconds.toFixed(1)} s: ${run.how}, ${run.at}`);
      }
      const seconds = (performance.now() - started) / 1000;
      const count = (how: Cut) => runs.filter((run) => run.how === how).length;
      say(
        `${seen.size} moments; ${count("all")} runs killed whole, ${count("engine")} engines killed, ` +
          `${count("interrupt")} interrupted; ${seconds.toFixed(0)} s in all`,
      );
      // Fewer where one operation goes on at a time.
      expect(seen.size).toBeGreaterThan(EVERY ? 180 : 200);
      expect(runs.length).toBeGreaterThan(seen.size / STEP / 2);
    },
    (EVERY ? 120 : Math.max(9, 200 / STEP)) * MINUTE,
  );

  test("leaves nothing that the state does not have, and no process", async () => {
    const { state, daemon, pending } = await bothSides(stack);
    expect(state.length).toBeGreaterThan(40);
    expect(daemon).toEqual(state);
    expect(pending).toEqual([]);
    expect(leftBy(stack)).toEqual([]);
  });

  test(
    "leaves nothing to do, and a state that is read though its attributes were not written to their end",
    async () => {
      const attributes = `state/.pulumi/stacks/tracekeep/${stack.name}.json.attrs`;
      writeFileSync(join(stack.home, attributes), "");
      const ran = expectCode(await stack.run("up"), 0);
      expect(changesIn(ran.output)).toEqual([]);
      expect(ran.output).toMatch(VERIFIED);
    },
    3 * MINUTE,
  );

  test(
    "reads a volume anew that was made when its host went away, and makes no other",
    async () => {
      const file = join(stack.home, `state/.pulumi/stacks/tracekeep/${stack.name}.json`);
      const state = JSON.parse(readFileSync(file, "utf8")) as Checkpoint;
      const half = state.checkpoint.latest.resources.filter(({ urn }) =>
        /::tempo-(config|data)$/.test(urn),
      );
      expect(half).toHaveLength(2);
      for (const resource of half) {
        // As the provider leaves it when it could not look at what it had made.
        resource.initErrors = ["the connection was lost"];
        delete resource.outputs.mountpoint;
      }
      writeFileSync(file, JSON.stringify(state));
      const before = await stack.running();
      const ran = expectCode(await stack.run("up"), 0);
      expect(ran.output).toMatch(VERIFIED);
      expect(await stack.running()).toEqual(before);
      const { state: noted, daemon } = await bothSides(stack);
      expect(daemon).toEqual(noted);
    },
    3 * MINUTE,
  );

  /** A lock as Pulumi leaves it in its backend. */
  function lockedBy(holder: { pid: number; hostname: string }): string {
    const directory = join(stack.home, "state/.pulumi/locks/organization/tracekeep", stack.name);
    mkdirSync(directory, { recursive: true });
    const file = join(directory, "of-the-tests.json");
    const timestamp = new Date().toISOString();
    writeFileSync(file, JSON.stringify({ ...holder, username: "somebody", timestamp }));
    return file;
  }

  test(
    "two at once: the later one says who has the stack, and breaks nothing",
    async () => {
      const ran = await Promise.all([stack.run("up"), stack.run("up")]);
      const [good, refused] = ran.sort((a, b) => Number(a.code) - Number(b.code));
      expectCode(good, 0);
      expect(good.output).toMatch(VERIFIED);
      expectCode(refused, 1);
      expect(refused.output.trim()).toMatch(
        new RegExp(
          `^Stack "${stack.name}" is in the hands of another run: process \\d+ of \\w+ on ${hostname()}, since [^.]+\\. Nothing was changed\\.\n[^\n]+\\.$`,
        ),
      );
      const { state, daemon } = await bothSides(stack);
      expect(daemon).toEqual(state);
    },
    4 * MINUTE,
  );

  test.each([
    ["a process of this host that runs", hostname(), /ended by: kill -INT \d+/],
    ["another host", "elsewhere.example.org", /pulumi cancel --stack e2e-/],
  ])(
    "Pulumi's lock of %s is named, and stays",
    async (_, host, advice) => {
      const file = lockedBy({ pid: process.pid, hostname: host });
      const ran = expectCode(await stack.run("up"), 1);
      expect(ran.output).toContain(
        `is in the hands of another run: process ${process.pid} of somebody on ${host}, since `,
      );
      expect(ran.output).toMatch(advice);
      expect(existsSync(file)).toBe(true);
      rmSync(file);
    },
    MINUTE,
  );
});
