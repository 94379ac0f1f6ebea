import { askJson, type Context } from "../context";
import { HopFailure, poll, type Hop } from "../hop";
import { LOKI_LOG } from "./logs";
import { pushedId } from "./metrics";

interface Lines {
  data: { result: unknown[] };
}

/**
 * What the stack's containers logged since the run began is in Loki: what the verification asks and
 * tries makes each of them write something.
 */
export function containerLogHops(context: Context): Hop[] {
  const { run, target } = context;
  // An option, not a service that somebody misses.
  if (!target.services.includes("log-agent")) return [];
  const hop: Hop = {
    id: "loki.containers",
    name: "the containers' own logs in Loki",
    services: ["log-agent", "collector", "loki"],
    // Its metrics and the lines go the same way.
    needs: [LOKI_LOG, pushedId("log-agent")],
    run: () =>
      poll(context.deadline, async () => {
        const parameters = new URLSearchParams({
          query: `{service_name=~".+"} | container_name != "" or k8s_container_name != ""`,
          start: String(BigInt(run.startedAt) * 1_000_000n),
          limit: "1",
        });
        const { data } = await askJson<Lines>(context, "loki", {
          path: `/loki/api/v1/query_range?${parameters.toString()}`,
        });
        if (data.result.length > 0) return;
        throw new HopFailure("Loki has no line of a container since this run began", {
          cause:
            "the log agent reads nothing: the host keeps its containers' logs elsewhere, or does not let it read them",
          look: "the log of log-agent; on Docker tracekeep:containerLogs.directory against `docker info` (Docker Root Dir), on Kubernetes tracekeep:kubernetes.podLogs.directory",
        });
      }),
  };
  return [hop];
}
