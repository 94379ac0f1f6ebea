import { exitCode } from "../../components/verification/report";
import type { HopResult } from "../../components/verification/hop";
import { startStack } from "../helpers/process-stack";
import { describeWith } from "../helpers/skip";
import { BROKEN_HOPS } from "./broken-hops";
import { check, configFor, lines, of, TIMEOUT } from "./verifying";

/** A few at once: each waits for most of its time. */
const GROUP = 6;

for (let first = 0; first < BROKEN_HOPS.length; first += GROUP) {
  const group = BROKEN_HOPS.slice(first, first + GROUP);
  const programs = [...new Set(group.flatMap(({ services }) => services))];
  describeWith(programs, `broken on purpose, ${first + 1} to ${first + group.length}`, () => {
    const seen = new Map<string, HopResult[]>();
    const mended = new Map<string, HopResult[]>();

    beforeAll(async () => {
      await Promise.all(
        group.map(async ({ title, services, mutate, certificates }) => {
          const config = configFor(services);
          const stack = await startStack({
            config,
            services,
            mutate,
            certificates,
            waitReady: false,
          });
          try {
            seen.set(title, (await check(stack, services, 75)).results);
            await stack.mend();
            mended.set(title, (await check(stack, services, 90)).results);
          } finally {
            await stack.stop();
          }
        }),
      );
    }, TIMEOUT);

    test.each(group)("$title", ({ title, broken, cause }) => {
      const results = seen.get(title) ?? [];
      const failed = results.filter(({ status }) => status === "failed");
      expect(failed.map(({ id }) => id)).toEqual(broken);
      expect(failed[0].cause).toMatch(cause);
      expect(failed[0].look).toMatch(/\S/);
      expect(exitCode(results)).toBe(1);
    });

    test.each(group)("$title: mended, every hop is well", ({ title }) => {
      const results = mended.get(title) ?? [];
      expect(lines(results.filter(({ status }) => status === "failed"))).toBe("");
      expect(of(results, "ok").length).toBeGreaterThan(10);
      expect(exitCode(results)).toBe(0);
    });
  });
}
