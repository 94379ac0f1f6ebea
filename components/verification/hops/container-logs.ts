import { causeInLog } from "../causes";
import { askJson, type Context } from "../context";
import { HopFailure, poll, type Hop } from "../hop";
import { LOKI_LOG } from "./logs";

interface Lines {
  data: { result: unknown[] };
}

/**
 * What the stack's containers logged since the run began is in Loki: what the verification asks and
 * tries makes each of them write something.
 */
export function containerLogHop(context: Context): Hop {
  const { run } = context;
  return {
    id: "loki.containers",
    name: "the containers' own logs in Loki",
    services: ["log-agent", "collector", "loki"],
    needs: [LOKI_LOG],
    run: () =>
      poll(context.deadline, async () => {
        const parameters = new URLSearchParams({
          query: `{service_name=~".+"} | container_name != ""`,
          start: String(BigInt(run.startedAt) * 1_000_000n),
          limit: "1",
        });
        const { data } = await askJson<Lines>(context, "loki", {
          path: `/loki/api/v1/query_range?${parameters.toString()}`,
        });
        if (data.result.length > 0) return;
        const log = (await context.readLog?.("log-agent")) ?? "";
        throw new HopFailure("Loki has no line of a container since this run began", {
          cause:
            causeInLog(log, /otlp_grpc\/collector/, {
              client: "log-agent",
              server: "collector",
            }) ??
            "the log agent reads nothing: the host's Docker keeps its containers elsewhere, or does not let it read them",
          look: "the log of log-agent; tracekeep:containerLogs.directory against `docker info` (Docker Root Dir)",
        });
      }),
  };
}
