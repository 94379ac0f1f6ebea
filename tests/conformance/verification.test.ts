import { exitCode, formatHop } from "../../components/verification/report";
import type { HopResult } from "../../components/verification/hop";
import { parseConfig, type StackConfig } from "../../config/parse";
import { DIALLED_SERVICES, type ServiceName } from "../../config/services";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { findProgram } from "../helpers/servers";
import { describeWith } from "../helpers/skip";
import { targetOf } from "../helpers/verification-target";
import { verifyApart, verifyCommand } from "../helpers/verify-apart";
import { BROKEN_HOPS } from "./broken-hops";

/** Tempo's search leaves out the last 30 s: a whole verification takes about that long. */
const TIMEOUT = 300_000;
const OPTIONAL = ["grafana", "jaeger", "qdrant", "alertmanager"] as const;

function configFor(services: readonly ServiceName[]): StackConfig {
  const off = OPTIONAL.filter((service) => !services.includes(service));
  return parseConfig(
    {
      ...Object.fromEntries(off.map((service) => [service, { enabled: false }])),
      tuning: { prometheus: { scrapeInterval: "2s" } },
    },
    { stack: "dev", environment: {} },
  );
}

async function check(stack: ProcessStack, services: readonly ServiceName[], seconds: number) {
  const target = targetOf(stack, services, seconds);
  const logs = Object.fromEntries(
    services.map((service) => [service, stack.process(service).options.log]),
  );
  return { target, results: await verifyApart({ target, logs }) };
}

const of = (results: readonly HopResult[], status: HopResult["status"]) =>
  results.filter((result) => result.status === status).map(({ id }) => id);

const lines = (results: readonly HopResult[]) => results.map(formatHop).join("\n");

describeWith(["tempo", "collector", "prometheus"], "verification of real servers", () => {
  // Grafana cannot be had as a program, and processes have no container whose log could be read; what
  // else is missing is left out, and then skipped by name.
  const services: readonly ServiceName[] = DIALLED_SERVICES.filter(
    (service) => service !== "grafana" && findProgram(service) !== undefined,
  );
  let stack: ProcessStack;

  beforeAll(async () => {
    stack = await startStack({ config: configFor(services), services });
  }, TIMEOUT);
  afterAll(async () => stack?.stop(), TIMEOUT);

  test(
    "every hop is well, and what is switched off is skipped",
    async () => {
      const target = targetOf(stack, services, 90);
      const { code, stdout, stderr } = await verifyCommand(target, ["--json"]);
      const { ok, hops } = JSON.parse(stdout) as { ok: boolean; hops: HopResult[] };
      const unwell = hops.filter(({ status }) => status !== "ok" && status !== "skipped");
      expect(lines(unwell)).toBe("");
      expect({ ok, code }).toEqual({ ok: true, code: 0 });
      expect(of(hops, "ok").length).toBeGreaterThan(20);
      const off = DIALLED_SERVICES.filter((service) => !services.includes(service));
      const skipped = hops.filter(({ status }) => status === "skipped");
      expect(new Set(skipped.map(({ detail }) => detail))).toEqual(new Set(off));
      expect(stderr).not.toMatch(/Warning/);
      for (const secret of [target.application.key, target.operator.key]) {
        expect(stdout + stderr).not.toContain(secret.split("\n")[1]);
      }
    },
    TIMEOUT,
  );

  test(
    "a stopped service is named, hops behind it are not blamed, and its return mends all",
    async () => {
      await stack.kill("tempo", "SIGTERM");
      const { results } = await check(stack, services, 60);
      expect(of(results, "failed")).toEqual(["tempo.answers"]);
      const [hop] = results.filter(({ id }) => id === "tempo.answers");
      expect(hop.cause).toMatch(/tempo is not running/);
      expect(of(results, "not checked")).toEqual(
        expect.arrayContaining(["tempo.trace", "tempo.search", "tempo.http.refuses"]),
      );
      expect(exitCode(results)).toBe(1);

      await stack.restart("tempo");
      const mended = await check(stack, services, 90);
      expect(of(mended.results, "failed")).toEqual([]);
      expect(exitCode(mended.results)).toBe(0);
    },
    TIMEOUT,
  );
});

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
