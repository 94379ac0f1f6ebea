import { certificateHops } from "../../components/verification/hops/certificates";
import { runHops, type HopResult } from "../../components/verification/hop";
import { newRun } from "../../components/verification/run";
import { makeTrace } from "../../components/verification/traffic";
import { parseConfig } from "../../config/parse";
import { faster } from "../helpers/faster";
import { eventually } from "../helpers/ports";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { describeWith } from "../helpers/skip";

describeWith(["prometheus"], "The verification, where a certificate has ended", () => {
  let stack: ProcessStack;
  beforeAll(async () => {
    stack = await startStack({
      config: parseConfig({ apps: [{ name: "shop" }] }, { stack: "dev", environment: {} }),
      services: ["prometheus"],
      mutate: (workload) => faster(workload, 30),
    });
  }, 60_000);
  afterAll(() => stack?.stop(), 60_000);

  const judged = async (): Promise<Record<string, HopResult>> => {
    const run = newRun();
    const made = makeTrace(run, "dev", 1);
    // No waiting for a renewal: what is there now is judged.
    const hops = certificateHops({ target: stack.target(), run, made, deadline: Date.now() });
    const results = await runHops(
      hops.map((hop) => ({ ...hop, needs: [] })),
      ["prometheus"],
    );
    return Object.fromEntries(results.map((result) => [result.id, result]));
  };
  const expectFailed = (names: Readonly<Record<string, RegExp | undefined>>) =>
    eventually(
      async () => {
        for (const [id, result] of Object.entries(await judged())) {
          const expected = names[id];
          expect([id, result.status]).toEqual([id, expected ? "failed" : "ok"]);
          if (!expected) continue;
          expect(result.detail).toMatch(expected);
          expect(result.look).toContain("npm run up");
        }
      },
      { timeout: 30_000, interval: 1000 },
    );

  test("finds none in a fresh stack", () => expectFailed({}), 40_000);

  test("names an application's, which nobody shows", async () => {
    await stack.renew("shop", { lifetime: -60 });
    await expectFailed({ "certificates.issued": /have ended: shop \(\d{4}-/ });
    await stack.renew("shop");
    await expectFailed({});
  }, 80_000);

  test("names the operator's, which opens nothing then", async () => {
    await stack.renew("operator", { lifetime: -60 });
    const { "certificates.shown": shown } = await judged();
    expect(shown.detail).toMatch(/have ended: operator \(/);
    expect(shown.cause).toContain("operator");
    await stack.renew("operator");
    await expectFailed({});
  }, 80_000);

  test("names a listener's, whatever else is wrong with it", async () => {
    await stack.renew("prometheus", { lifetime: -60 });
    const { "certificates.shown": shown } = await judged();
    expect(shown.detail).toMatch(/have ended: prometheus http \(/);
    await stack.renew("prometheus");
    await expectFailed({});
  }, 80_000);
});
