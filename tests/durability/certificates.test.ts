import { VERIFICATION } from "../../components/pki/certificate-spec";
import { editFiles, type Mutation, type ProcessStack } from "../helpers/process-stack";
import { describeWith } from "../helpers/skip";
import { losesNothing } from "./cases";
import { LIMIT } from "./form";
import { sleep, startForFaults } from "./stack";
import { grpcTransport } from "./transport";

const SERVICES = ["tempo", "collector"] as const;

/** Seconds that are left of a certificate that is about to end, or until one begins. */
const LEFT = 3;

/** Renewed certificates are looked for in a test's time. */
const watchful: Mutation = editFiles("collector", ({ path, content }) => ({
  path,
  content: content.replaceAll(/reload_interval: \w+/g, "reload_interval: 1s"),
}));

describeWith(SERVICES, "At the edges of a certificate's validity", () => {
  let stack: ProcessStack;
  beforeAll(async () => {
    stack = await startForFaults(SERVICES, {}, watchful);
  }, 60_000);
  afterAll(() => stack?.stop(), 60_000);

  /** What the intake says to an empty request on a new connection. */
  const greet = async () => {
    const transport = grpcTransport(stack, { timeout: 2 });
    try {
      return await transport.send(Buffer.alloc(5));
    } finally {
      transport.close();
    }
  };

  test(
    "a sender whose certificate has just ended is not heard, and with a new one it is",
    async () => {
      await stack.renew(VERIFICATION, { lifetime: -1 });
      expect(await greet()).toMatchObject({ outcome: "again" });
      await stack.renew(VERIFICATION);
      expect(await greet()).toEqual({ outcome: "taken", status: "0" });
    },
    LIMIT,
  );

  test(
    "a sender whose certificate is not valid yet repeats until it is, and loses nothing",
    async () => {
      await stack.renew(VERIFICATION, { begins: LEFT });
      expect(await greet()).toMatchObject({ outcome: "again" });
      const { ledger } = await losesNothing(stack, {});
      expect(ledger.repeated.size).toBeGreaterThan(0);
    },
    LIMIT,
  );

  test(
    "a sender whose certificate ends in mid-stream loses nothing",
    async () => {
      await stack.renew(VERIFICATION, { lifetime: LEFT });
      await losesNothing(stack, {
        seconds: 3 * LEFT,
        during: async () => {
          await sleep(LEFT);
          // Connections of before go on, so they are ended.
          await stack.restart("collector");
          expect(await greet()).toMatchObject({ outcome: "again" });
          await stack.renew(VERIFICATION);
        },
      });
    },
    LIMIT,
  );

  test(
    "the collector's ends in mid-stream: its queue waits, and nothing is lost",
    async () => {
      await stack.kill("tempo");
      await losesNothing(stack, {
        patience: 40,
        during: async () => {
          await stack.renew("collector", { lifetime: -1 });
          await sleep(2);
          // It dials Tempo with it, and is not heard.
          await stack.restart("tempo");
          expect(await greet()).toMatchObject({ outcome: "again" });
          await sleep(1);
          await stack.renew("collector");
        },
      });
    },
    LIMIT,
  );
});
