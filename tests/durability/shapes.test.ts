import type { ProcessStack } from "../helpers/process-stack";
import { describeWith } from "../helpers/skip";
import { losesNothing, type CaseOptions } from "./cases";
import { LIMIT, SHARE } from "./form";
import { logLines, samples } from "./lines";
import { startForFaults } from "./stack";

const SERVICES = ["tempo", "loki", "prometheus", "collector"] as const;

const HOUR = 3600;

/** Seconds after which Tempo has written the first part of a trace. */
const LATE = 5;

describeWith(SERVICES, "Nothing is lost of", () => {
  let stack: ProcessStack;
  beforeAll(async () => {
    // A whole trace of 10,000 spans in one request is more than the 4 MiB that the intake takes by default.
    stack = await startForFaults(SERVICES, { tuning: { collector: { maxRequestSize: "16Mi" } } });
  }, 90_000);
  afterAll(() => stack?.stop(), 60_000);

  const clock = (ahead: number): CaseOptions => ({
    clock: ahead,
    besides: [(of) => logLines(of, ahead), (of) => samples(of, { clock: ahead })],
  });

  test.each<[string, CaseOptions]>([
    [
      "many small traces",
      { shape: { spansPerTrace: 1, spansPerRequest: 50, attributes: "few" }, spans: SHARE / 10 },
    ],
    [
      "few huge traces",
      {
        shape: { spansPerTrace: 10_000, spansPerRequest: 10_000, attributes: "many" },
        spans: Math.max(30_000, SHARE),
        concurrency: 2,
      },
    ],
    [
      "attributes of the greatest length",
      {
        shape: { spansPerTrace: 10, spansPerRequest: 10, attributes: "longest" },
        spans: SHARE / 10,
      },
    ],
    ["spans that come late", { late: LATE }],
    ["batches that are sent twice", { twice: true }],
    [
      "samples beside another sender's that Prometheus does not take",
      { besides: [(of) => samples(of, { besideStrange: true })] },
    ],
    ["a sender whose clock is an hour ahead", clock(HOUR)],
    ["a sender whose clock is an hour behind", clock(-HOUR)],
  ])(
    "%s",
    async (_, options) => {
      await losesNothing(stack, options);
    },
    LIMIT,
  );
});
