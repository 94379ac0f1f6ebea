import { shortText } from "../causes";
import { ask, type Context } from "../context";
import { HopFailure, poll, type Hop } from "../hop";
import { PLAYED } from "../run";
import { logLine } from "../traffic";
import { answersId } from "./answers";
import { innerCause, receivedBy, undelivered, type Baseline } from "./delivery";
import { INTAKE_HTTP } from "./intake";

export const TO_LOKI = "collector.loki";
export const LOKI_LOG = "loki.log";

/** The log record on its way to Loki, and read back by the id of its trace. */
export function logHops(context: Context, baseline: () => Promise<Baseline>): Hop[] {
  const { made, run } = context;
  const readBack = async (): Promise<string> => {
    const parameters = new URLSearchParams({
      query: `{service_name="${PLAYED.search}"} | trace_id="${made.traceId}"`,
      start: String(BigInt(run.startedAt - 3_600_000) * 1_000_000n),
      end: String(BigInt(Date.now() + 60_000) * 1_000_000n),
      limit: "10",
    });
    const { status, body } = await ask(context, "loki", {
      path: `/loki/api/v1/query_range?${parameters.toString()}`,
      timeoutMs: 5000,
    });
    if (status === 200 && body.includes(logLine(run))) return "";
    return status === 200 ? "no such line" : `${status} ${shortText(body)}`;
  };
  return [
    {
      id: TO_LOKI,
      name: "the collector delivers logs to Loki",
      services: ["collector", "loki"],
      needs: [INTAKE_HTTP, answersId("loki")],
      run: async () => {
        const before = (await baseline()).received.loki ?? 0;
        // Loki counts a line before it looks whether its ring is ready, which takes some 20 s.
        await poll(Math.min(context.deadline, Date.now() + 45_000), async () => {
          if (((await receivedBy(context, "loki")) ?? 0) > before) return;
          throw new Error("not received");
        }).catch(async () => {
          throw await undelivered(context, "loki", "the log");
        });
      },
    },
    {
      id: LOKI_LOG,
      name: "log by trace id in Loki",
      services: ["collector", "loki"],
      needs: [TO_LOKI],
      run: async () => {
        let seen = "";
        await poll(context.deadline, async () => {
          seen = await readBack().catch((error: Error) => error.message);
          if (seen !== "") throw new Error(seen);
        }).catch(async () => {
          const diagnosis = await innerCause(context, "loki", seen, {
            cause:
              "Loki's own clients cannot reach Loki: TLS of its gRPC server and of ingester_client, frontend_worker or query_scheduler disagree (its ring dialled in plaintext, another CA, a missing tls_server_name)",
            look: "the log of loki; the *.grpc_client_config.tls_* settings against server.grpc_tls_config",
          });
          throw new HopFailure(
            `Loki received log lines and does not give the line of trace ${made.traceId} back: ${seen}`,
            diagnosis,
          );
        });
      },
    },
  ];
}
