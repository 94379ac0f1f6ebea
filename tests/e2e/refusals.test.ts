import { createServer, type Server } from "node:net";
import type { Ran } from "./command";
import { describeUnless } from "../helpers/skip";
import { lackingDocker } from "./needs";
import { freePorts, TestStack, type Options } from "./stack";

/** What an `up` that ends before anything is made has said. */
async function refused(options: Options, also: (stack: TestStack) => Promise<void>): Promise<Ran> {
  const stack = new TestStack(options);
  try {
    const ran = await stack.run("up");
    expect(ran.code).toBe(1);
    expect(ran.output).not.toMatch(/^\s+at .*:\d+/m);
    // Pulumi, which has not begun, would have made its state.
    expect(() => stack.state()).toThrow(/ENOENT/);
    await also(stack);
    return ran;
  } finally {
    await stack.remove().catch(() => {});
  }
}

test("without Docker `up` says so in a sentence, and offers `render`", async () => {
  const host = "unix:///var/run/there-is-no-docker.sock";
  const { output } = await refused({ docker: { host } }, async () => {});
  expect(output).toContain(`Docker does not answer at ${host}: there is no such socket.`);
  expect(output).toMatch(/npm run render -- --stack e2e-/);
}, 60_000);

describeUnless(lackingDocker(), "what `up` refuses on a daemon that is there", () => {
  const nothing = async (stack: TestStack) => expect(await stack.things()).toEqual([]);

  test("a wrong configuration, whole, and nothing is made", async () => {
    const options = { retention: { traces: "-1h" }, sampling: { ratio: 2 }, colour: "blue" };
    const { output } = await refused(options, nothing);
    for (const path of ["retention.traces", "sampling.ratio", "colour"]) {
      expect(output).toContain(path);
    }
  }, 60_000);

  describe("a port of the host", () => {
    let holder: Server;
    let ports: Record<string, Record<string, number>>;

    beforeAll(async () => {
      ports = await freePorts();
      holder = createServer();
      await new Promise<void>((done) => holder.listen(ports.loki.http, "127.0.0.1", done));
    });

    afterAll(() => holder?.close());

    test("that another program holds is named, and nothing is made", async () => {
      const { output } = await refused({ ports }, nothing);
      expect(output).toContain(
        `127.0.0.1:${ports.loki.http} (ports.loki.http, for loki) is held by another program`,
      );
    }, 60_000);
  });
});
