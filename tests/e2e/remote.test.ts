import { startSshd, type LocalSshd } from "../helpers/local-sshd";
import { describeUnless } from "../helpers/skip";
import { findProgram } from "../helpers/servers";
import { environmentOf } from "./application";
import { bothSides } from "./both-sides";
import { expectCode, say } from "./command";
import { upUntil } from "./interruption";
import { lackingDocker, lackingForUp } from "./needs";
import { freePorts, imageOptions, TestStack } from "./stack";

const lackingSshd = findProgram("sshd") === undefined ? ["no program sshd"] : [];
const off = { enabled: false };

describeUnless(
  [...lackingDocker(), ...lackingForUp(), ...lackingSshd],
  "a stack on a Docker host behind ssh",
  () => {
    let sshd: LocalSshd;
    let stack: TestStack;

    beforeAll(async () => {
      sshd = await startSshd();
      stack = new TestStack({
        ports: await freePorts(),
        ...imageOptions(),
        docker: { host: sshd.address, sshOptions: sshd.options() },
        // The services that every stack has, for speed.
        ...{ grafana: off, jaeger: off, qdrant: off, alertmanager: off },
        apps: [{ name: "shop", reads: ["tempo"] }],
      });
    }, 600_000);

    afterAll(async () => {
      await stack?.remove();
      sshd?.stop();
    }, 120_000);

    const lastLine = (output: string) => output.trim().split("\n").pop()!;
    const NEXT = "the next `npm run up` goes on from there.";

    test("a connection that is lost in the middle of `up` is named", async () => {
      // The daemon has it, and the engine is not told so any more.
      const run = await upUntil(stack, (moment) =>
        moment.startsWith("made network") ? () => sshd.lose() : undefined,
      );
      await sshd.back();
      expect(run.at).toBeDefined();
      expect(run.code).not.toBe(0);
      expect(lastLine(run.output)).toMatch(
        /^The ssh connection to ssh:\S+ was lost on the way.*: see that `ssh` gets there again/,
      );
      expect(lastLine(run.output)).toContain(NEXT);
    }, 180_000);

    test("`up` deploys and verifies there, through forwards", async () => {
      const ran = expectCode(await stack.run("up"), 0);
      expect(ran.output).toMatch(/verified: stack e2e-\w+, \d+ hops ok/);
      say(`\`up\` over ssh ${ran.seconds.toFixed(1)} s`);
      const { state, daemon, pending } = await bothSides(stack);
      expect(daemon).toEqual(state);
      expect(pending).toEqual([]);
    }, 300_000);

    test("`env` reads it from here", async () => {
      const variables = await environmentOf(stack, "shop");
      expect(variables.OTEL_EXPORTER_OTLP_ENDPOINT).toMatch(/^https:\/\/localhost:\d+$/);
    }, 60_000);
  },
);
