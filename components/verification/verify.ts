import type { ServiceName } from "../../config/services";
import type { Context } from "./context";
import { poll, runHops, START_GRACE, type Hop, type HopResult } from "./hop";
import { answerHops } from "./hops/answers";
import { certificateHops } from "./hops/certificates";
import { containerLogHops } from "./hops/container-logs";
import { discardedSpans, receivedBy, type Baseline } from "./hops/delivery";
import { grafanaHops } from "./hops/grafana";
import { intakeHops } from "./hops/intake";
import { logHops } from "./hops/logs";
import { metricHops, readSums } from "./hops/metrics";
import { qdrantHops } from "./hops/qdrant";
import { refusalHops } from "./hops/refusals";
import { targetHops } from "./hops/targets";
import { traceHops } from "./hops/traces";
import { newRun } from "./run";
import type { VerificationTarget } from "./target";
import { makeTrace } from "./traffic";

export interface VerificationOptions {
  /** Called once a hop is done. */
  report?: (result: HopResult) => void;
  /** The last lines of the log of a service, or of what stands beside it; they sharpen causes. */
  readLog?: (service: ServiceName, beside?: string) => Promise<string>;
}

/** What was counted before the run; without an answer a count is left out. */
async function readBaseline(context: Context): Promise<Baseline> {
  const deadline = Date.now() + START_GRACE;
  const [tempo, loki, discarded, sums] = await Promise.all([
    receivedBy(context, "tempo"),
    receivedBy(context, "loki"),
    discardedSpans(context),
    // Prometheus may still be reading its log after a start; without it old sums would look new.
    poll(deadline, () => readSums(context)).catch((): Baseline["sums"] => new Map()),
  ]);
  return { received: { tempo, loki }, discarded, sums };
}

/** Every hop of a stack, in the order in which they are printed. */
export function hopsOf(context: Context): Hop[] {
  let baseline: Promise<Baseline> | undefined;
  const before = () => (baseline ??= readBaseline(context));
  return [
    ...answerHops(context),
    ...certificateHops(context),
    ...intakeHops(context, before),
    ...traceHops(context, before),
    ...logHops(context, before),
    ...containerLogHops(context),
    ...metricHops(context, before),
    ...targetHops(context),
    ...grafanaHops(context),
    ...qdrantHops(context),
    ...refusalHops(context),
  ];
}

/**
 * Sends real traffic through a running stack, reads it back, and tries what must be refused.
 *
 * @returns the result of every hop; it rejects for mistakes of the program only.
 */
export function verify(
  target: VerificationTarget,
  { report, readLog }: VerificationOptions = {},
): Promise<HopResult[]> {
  const run = newRun();
  const context: Context = {
    target,
    run,
    // Slower than what every sampler keeps.
    made: makeTrace(run, target.environment, Math.max(1.5, target.sampling.keepSlowerThan + 0.5)),
    deadline: run.startedAt + target.timeoutSeconds * 1000,
    readLog,
  };
  return runHops(hopsOf(context), target.services, report);
}
