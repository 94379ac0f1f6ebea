import { causeOf, shortText } from "../causes";
import { addressOf, type Context } from "../context";
import { HopFailure, type Hop } from "../hop";
import { closedGuards } from "./guards";
import { sendLog, sendMetric, sendTrace } from "../traffic";

export const INTAKE_GRPC = "collector.intake.grpc";
export const INTAKE_HTTP = "collector.intake.http";

/** Turns the exporter's error into a failure of the intake. */
async function intake(context: Context, what: string, send: () => Promise<unknown>): Promise<void> {
  try {
    await send();
  } catch (error) {
    if (error instanceof HopFailure) throw error;
    const { code } = error as { code?: unknown };
    const text = `${typeof code === "string" ? code : ""} ${shortText(error)}`.trim();
    const closed = await closedGuards(context);
    throw new HopFailure(`the SDK could not export ${what}: ${text}`, {
      cause:
        closed ??
        causeOf(text, { client: "the application", server: "collector" }) ??
        "the collector refuses what it is sent",
      look: "whether the container of collector runs, then its log",
    });
  }
}

/**
 * An application's certificate sends a trace, a log and a metric.
 *
 * @param baseline what must be read before anything is sent.
 */
export function intakeHops(context: Context, baseline: () => Promise<unknown>): Hop[] {
  const { run, made, target } = context;
  const sender = (listener: string) => ({
    address: addressOf(context, "collector", listener),
    identity: target.application,
  });
  return [
    {
      id: INTAKE_GRPC,
      name: "the collector takes a trace (OTLP over gRPC, mTLS)",
      services: ["collector"],
      needs: [],
      run: async () => {
        await baseline();
        await intake(context, "a trace", async () => sendTrace(sender("otlpGrpc"), made));
        return `trace ${made.traceId}`;
      },
    },
    {
      id: INTAKE_HTTP,
      name: "the collector takes a log and a metric (OTLP over HTTP, mTLS)",
      services: ["collector"],
      needs: [],
      run: async () => {
        await baseline();
        await intake(context, "a log", async () =>
          sendLog(sender("otlpHttp"), run, target.environment, made),
        );
        await intake(context, "a metric", async () =>
          sendMetric(sender("otlpHttp"), run, target.environment),
        );
      },
    },
  ];
}
