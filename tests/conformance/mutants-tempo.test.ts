import { randomBytes } from "node:crypto";
import { parseConfig } from "../../config/parse";
import type { ServiceName } from "../../config/services";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { expectStored, get, linesInLoki, pushLog, pushTrace } from "../helpers/requests";
import { describeWith } from "../helpers/skip";
import * as faults from "./mutations";

const config = parseConfig({}, { stack: "dev", environment: {} });

/** Starts a service with a fault; it need not become ready, but its listeners open. */
async function startBroken(service: ServiceName, fault: faults.Fault): Promise<ProcessStack> {
  const stack = await startStack({ config, services: [service], ...fault, waitReady: false });
  await stack.process(service).listening();
  return stack;
}

const logOf = async (stack: ProcessStack, service: ServiceName, symptom: RegExp) => {
  for (let second = 0; second < 20 && !symptom.test(stack.log(service, 10_000)); second++) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  return stack.log(service, 10_000);
};

describeWith(["tempo"], "Tempo, broken on purpose, takes a trace and does not return it", () => {
  let stack: ProcessStack | undefined;
  afterEach(() => stack?.stop(), 30_000);

  test.each<[string, faults.Fault, RegExp]>([
    [
      "server TLS without client TLS",
      faults.tempoServerTlsWithoutClientTls,
      /error reading server preface/,
    ],
    [
      "a self-dial certificate without client usage",
      faults.tempoCertificateWithoutClientUse,
      /bad certificate|incompatible key usage/,
    ],
    [
      "a missing server name",
      faults.tempoWithoutServerName,
      /doesn't contain any IP SANs|certificate is (not )?valid for/,
    ],
    [
      "clients that trust another CA",
      faults.tempoClientsTrustAnotherCa,
      /certificate signed by unknown authority/,
    ],
    [
      "ready, with a querier that cannot reach the live store",
      faults.tempoReadyButNotStoring,
      /error reading server preface/,
    ],
  ])(
    "%s",
    async (_, fault, symptom) => {
      stack = await startBroken("tempo", fault);
      const made = await pushTrace(stack);
      await expect(expectStored(stack, made, 3000)).rejects.toThrow();
      expect(await logOf(stack, "tempo", symptom)).toMatch(symptom);
    },
    60_000,
  );

  test("a limit at which it reports success and discards", async () => {
    stack = await startBroken("tempo", faults.tempoDiscardsAtLimit);
    await stack.process("tempo").ready();
    await pushTrace(stack);
    const second = await pushTrace(stack);
    await expect(expectStored(stack, second, 2000)).rejects.toThrow();
    const { body } = await get(stack, "tempo", "/metrics");
    expect(body).toMatch(
      /^tempo_discarded_spans_total\{.*reason="live_traces_exceeded".*\} [1-9]/m,
    );
  }, 60_000);
});

describeWith(["loki"], "Loki, broken on purpose", () => {
  let stack: ProcessStack | undefined;
  afterEach(() => stack?.stop(), 30_000);

  test("its ring dialled in plaintext", async () => {
    stack = await startBroken("loki", faults.lokiRingInPlaintext);
    const id = randomBytes(16).toString("hex");
    await expect(pushLog(stack, "a line", id)).rejects.toThrow();
    const symptom = /error reading server preface/;
    expect(await logOf(stack, "loki", symptom)).toMatch(symptom);
    await expect(
      linesInLoki(stack, '{service_name="conformance"}').then((lines) => {
        if (lines.length === 0) throw new Error("no line");
      }),
    ).rejects.toThrow();
  }, 60_000);
});
