import { lackingForVolumes } from "../helpers/small-volume";
import { describeUnless } from "../helpers/skip";
import { eventually } from "../helpers/ports";
import { environmentOf, type Variables } from "./application";
import { bothSides } from "./both-sides";
import { expectCode, say, type Ran } from "./command";
import { upUntil } from "./interruption";
import { Load } from "./load";
import { lackingDocker, lackingForUp } from "./needs";
import { OwnDaemon } from "./own-daemon";
import { freePorts, imageOptions, TestStack, type Options } from "./stack";

const MINUTE = 60_000;
const off = { enabled: false };
/** The services that every stack has. */
const BASE = ["tempo", "collector", "prometheus", "loki"] as const;
const IMAGES = [...BASE, "guard"] as const;
/** MiB of the daemon's disk: the images take half of it. */
const DISK = 1400;

/** The last thing that is said: a sentence, in one line. */
const lastLine = ({ output }: { output: string }) => output.trim().split("\n").pop()!;
const NEXT = "the next `npm run up` goes on from there.";

describeUnless(
  [...lackingDocker(), ...lackingForUp(), ...lackingForVolumes()],
  "a Docker daemon that fails",
  () => {
    let daemon: OwnDaemon;
    let stack: TestStack;
    let ports: Record<string, Record<string, number>>;
    let images: Options;
    let variables: Variables;
    const host = () => `unix://${daemon.socket}`;

    beforeAll(async () => {
      const { overrides } = imageOptions().images as { overrides: Record<string, string> };
      const base = Object.fromEntries(IMAGES.map((name) => [name, overrides[name]]));
      images = { images: { pull: false, overrides: base } };
      daemon = await OwnDaemon.start(DISK);
      await daemon.load(Object.values(base));
      ports = await freePorts();
      stack = new TestStack(
        {
          ports,
          ...images,
          ...{ grafana: off, jaeger: off, qdrant: off, alertmanager: off },
          verification: off,
          apps: [{ name: "shop", reads: ["tempo"] }],
        },
        daemon,
      );
    }, 10 * MINUTE);
    afterAll(async () => {
      await daemon?.stop();
      stack?.forget();
    }, 2 * MINUTE);

    const failed = async (ran: Promise<Ran>) => {
      const { code, output } = await ran;
      expect(code).not.toBe(0);
      return lastLine({ output });
    };

    test(
      "an image that cannot be had is named",
      async () => {
        // Nobody listens there.
        const missing = Object.fromEntries(IMAGES.map((name) => [name, `127.0.0.1:9/${name}:1`]));
        stack.configure({ images: { pull: true, overrides: missing } });
        const sentence = await failed(stack.run("up"));
        expect(sentence).toMatch(
          /^The image 127\.0\.0\.1:9\/\w+:1 is not on the Docker host \(unix:.*\) and could not be pulled/,
        );
        expect(sentence).toContain(NEXT);
        stack.configure(images);
      },
      3 * MINUTE,
    );

    test(
      "a full disk is named",
      async () => {
        const free = daemon.fill(64);
        const sentence = await failed(stack.run("up"));
        free();
        expect(sentence).toMatch(/^The disk of the Docker host \(unix:.*\) is full: /);
        expect(sentence).toContain(NEXT);
      },
      3 * MINUTE,
    );

    test(
      "a daemon that stops in the middle of `up` is named",
      async () => {
        const run = await upUntil(stack, (moment) =>
          moment === `made container tracekeep-${stack.name}-loki-config-writer`
            ? () => daemon.down("KILL")
            : undefined,
        );
        expect(run.at).toBeDefined();
        expect(run.code).not.toBe(0);
        expect(lastLine(run)).toMatch(/^Docker at unix:\S+ went away on the way: start it again/);
        expect(lastLine(run)).toContain(NEXT);
      },
      3 * MINUTE,
    );

    test(
      "a daemon that does not run is named before anything is done",
      async () => {
        const { code, output } = await stack.run("up");
        expect(code).toBe(1);
        expect(output).toMatch(
          new RegExp(`^Docker does not answer at ${host()}: [^.]+\\. Nothing was changed\\.\\n`),
        );
      },
      MINUTE,
    );

    test(
      "the next `up` repairs it all, and leaves nothing that the state does not have",
      async () => {
        await daemon.up();
        stack.configure({ verification: { enabled: true } });
        const ran = expectCode(await stack.run("up"), 0);
        expect(ran.output).toMatch(/verified: stack e2e-\w+, \d+ hops ok/);
        const { state, daemon: found, pending } = await bothSides(stack);
        expect(found).toEqual(state);
        expect(pending).toEqual([]);
        stack.configure({ verification: off });
        variables = await environmentOf(stack, "shop");
      },
      5 * MINUTE,
    );

    /** Sends while something is done, and reads back what was acknowledged. */
    async function under(name: string, work: () => Promise<void>): Promise<void> {
      const load = new Load(stack, variables, ports.collector.otlpHttp, name);
      await new Promise((done) => setTimeout(done, 5000));
      await work();
      await new Promise((done) => setTimeout(done, 5000));
      const sent = await load.end();
      const { found, lost } = await load.readBack();
      say(
        `${name}: ${sent.acknowledged} traces acknowledged, ${found} read back, ${lost.length} lost; ` +
          `${sent.repeated} requests repeated, the longest took ${sent.longest.toFixed(1)} s`,
      );
      expect(sent.acknowledged).toBeGreaterThan(200);
      expect(sent.refused).toBe(0);
      expect(lost).toEqual([]);
    }

    test(
      "a restart of the daemon under load: all come back, and nothing acknowledged is lost",
      async () => {
        const before = await stack.running();
        await under("the daemon restarted", async () => {
          await daemon.down("TERM");
          await daemon.up();
          await eventually(async () => expect(await stack.running()).toEqual(before));
        });
        expect(Object.keys(before)).toEqual(expect.arrayContaining([...BASE]));
      },
      5 * MINUTE,
    );

    test(
      "`up` with a changed configuration under load: nothing acknowledged is lost",
      async () => {
        const before = await stack.running();
        await under("`up` with a changed configuration", async () => {
          stack.configure({
            retention: { traces: "72h", logs: "72h" },
            capacity: { spansPerSecond: 1500 },
          });
          expectCode(await stack.run("up"), 0);
        });
        const after = await stack.running();
        const replaced = Object.keys(before).filter((name) => after[name] !== before[name]);
        expect(replaced).toEqual(expect.arrayContaining(["collector", "tempo", "loki"]));
      },
      5 * MINUTE,
    );
  },
);
