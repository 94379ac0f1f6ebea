import { exitCode } from "../../components/verification/report";
import type { HopResult } from "../../components/verification/hop";
import { DIALLED_SERVICES, type ServiceName } from "../../config/services";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { findProgram } from "../helpers/servers";
import { describeWith } from "../helpers/skip";
import { targetOf } from "../helpers/verification-target";
import { verifyCommand } from "../helpers/verify-apart";
import { check, configFor, lines, of, TIMEOUT } from "./verifying";

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
