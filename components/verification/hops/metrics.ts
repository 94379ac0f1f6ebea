import {
  EXEMPLAR_TRACE_ID,
  SERVICE_GRAPH,
  SPAN_METRICS,
  SPAN_VALUES,
} from "../../prometheus/metric-names";
import type { ServiceName } from "../../../config/services";
import { causeInLog, shortText } from "../causes";
import { ask, askJson, query, type Context } from "../context";
import { HopFailure, poll, type Hop } from "../hop";
import { PLAYED, RUN_METRIC } from "../run";
import { answersId } from "./answers";
import { undelivered, type Baseline } from "./delivery";
import { INTAKE_GRPC, INTAKE_HTTP } from "./intake";
import { TEMPO_TRACE } from "./traces";

export const TO_PROMETHEUS = "collector.prometheus";
const RED = "prometheus.red";

type Played = keyof typeof PLAYED;
const GRAPH_SECONDS = SERVICE_GRAPH.serverSecondsBucket.replace(/_bucket$/, "_sum");
/** Collectors count each for itself, and what one counted before a restart stays for minutes. */
const BY = "sum by (collector_instance_id)";
/** Sums of durations that the run's spans add to, all of them at one collector, by a name of their own. */
const SUMS: Readonly<Record<string, { expression: string; adds: Played }>> = {
  ...Object.fromEntries(
    (Object.entries(PLAYED) as [Played, string][]).map(([played, name]) => [
      name,
      {
        expression: `${BY} (${SPAN_METRICS.duration}_sum{service_name="${name}", span_kind="SPAN_KIND_SERVER"})`,
        adds: played,
      },
    ]),
  ),
  edge: {
    expression: `${BY} (${GRAPH_SECONDS}{client="${PLAYED.gateway}", server="${PLAYED.search}"})`,
    adds: "search",
  },
};

/** A sum as it is now, by collector. */
async function readSum(context: Context, name: string): Promise<Map<string, number>> {
  const samples = await query(context, SUMS[name].expression);
  return new Map(samples.map(({ metric, value }) => [metric.collector_instance_id ?? "", value]));
}

/** All sums as they are now. */
export async function readSums(context: Context): Promise<Baseline["sums"]> {
  const sums: Baseline["sums"] = new Map();
  for (const name of Object.keys(SUMS)) sums.set(name, await readSum(context, name));
  return sums;
}

/** Whether a sum holds the run's share: on top of what it was, or alone after a restart. */
function holdsShare(before: number, now: number, share: number): boolean {
  const tolerance = 1e-3;
  return now - before >= share - tolerance || Math.abs(now - share) < tolerance;
}

/** Whether one of the collectors has counted the run's share, whatever becomes of the others' sums. */
export const isCounted = (
  before: ReadonlyMap<string, number>,
  now: ReadonlyMap<string, number>,
  share: number,
): boolean =>
  [...now].some(([collector, sum]) => holdsShare(before.get(collector) ?? 0, sum, share));

async function sumGrows(context: Context, { sums }: Baseline, name: string): Promise<void> {
  const share = context.made.served[SUMS[name].adds];
  if (isCounted(sums.get(name) ?? new Map(), await readSum(context, name), share)) return;
  throw new Error(`${name} not counted`);
}

/** Why the run's metric is not in Prometheus, which answers. */
async function metricsMissing(context: Context): Promise<HopFailure> {
  const { status, body } = await ask(context, "prometheus", {
    path: "/api/v1/otlp/v1/metrics",
    headers: { "content-type": "application/x-protobuf" },
    method: "POST",
    body: "",
  });
  if (status === 404) {
    return new HopFailure("Prometheus answers 404 to metrics by OTLP", {
      cause: "Prometheus refuses OTLP metrics: its OTLP receiver is off",
      look: "--web.enable-otlp-receiver in the arguments of prometheus; the log of collector (404)",
    });
  }
  if (status >= 400) {
    return new HopFailure(`Prometheus answers ${status} to metrics by OTLP: ${shortText(body)}`, {
      cause: "Prometheus refuses OTLP metrics",
      look: "the log of prometheus",
    });
  }
  return undelivered(context, "prometheus", "the metric");
}

interface Exemplars {
  data: { exemplars: { labels: Record<string, string> }[] }[];
}

/** Metrics on their way to Prometheus: the application's, and those counted from its spans. */
export function metricHops(context: Context, baseline: () => Promise<Baseline>): Hop[] {
  const { run, made, target } = context;
  const metric = RUN_METRIC.replaceAll(".", "_");
  const counting = (what: string) => ({
    cause: `the collector delivers metrics, but ${what} does not reach them`,
    look: "connectors and service.pipelines of the collector's configuration; the log of collector",
  });
  return [
    {
      id: TO_PROMETHEUS,
      name: "metric in Prometheus",
      services: ["collector", "prometheus"],
      needs: [INTAKE_HTTP, answersId("prometheus")],
      run: async () => {
        await poll(Math.min(context.deadline, Date.now() + 45_000), async () => {
          const samples = await query(context, metric);
          if (!samples.some(({ value }) => value === run.number)) throw new Error("not there");
        }).catch(async () => {
          throw await metricsMissing(context);
        });
      },
    },
    {
      id: RED,
      name: "span metrics (RED) in Prometheus",
      services: ["collector", "prometheus"],
      needs: [INTAKE_GRPC, TO_PROMETHEUS],
      run: async () => {
        const before = await baseline();
        await poll(context.deadline, async () => {
          for (const name of Object.values(PLAYED)) await sumGrows(context, before, name);
          const errors = await query(
            context,
            `${SPAN_METRICS.calls}{service_name="${PLAYED.vectors}", status_code="${SPAN_VALUES.error}"} > 0`,
          );
          if (errors.length === 0) throw new Error("the error is not counted");
        }).catch((error: unknown) => {
          throw new HopFailure(
            `the run's spans are not counted: ${shortText(error)}`,
            counting("what the span metrics connector counts"),
          );
        });
      },
    },
    {
      id: "prometheus.graph",
      name: "service graph edge in Prometheus",
      services: ["collector", "prometheus"],
      needs: [INTAKE_GRPC, TO_PROMETHEUS],
      run: () =>
        poll(context.deadline, async () => sumGrows(context, await baseline(), "edge")).catch(
          () => {
            throw new HopFailure(
              `no call ${PLAYED.gateway} → ${PLAYED.search} of this run is counted`,
              counting("what the service graph connector counts"),
            );
          },
        ),
    },
    {
      id: "prometheus.exemplar",
      name: "exemplar in Prometheus leads to its trace in Tempo",
      services: ["collector", "prometheus", "tempo"],
      needs: [RED, TEMPO_TRACE],
      run: () =>
        poll(context.deadline, async () => {
          const parameters = new URLSearchParams({
            query: `{__name__=~"traces_spanmetrics_.*", service_name=~"${Object.values(PLAYED).join("|")}"}`,
            start: String(run.startedAt / 1000 - 900),
            end: String(Date.now() / 1000 + 60),
          });
          const { data } = await askJson<Exemplars>(context, "prometheus", {
            path: `/api/v1/query_exemplars?${parameters.toString()}`,
          });
          const ids = data.flatMap(({ exemplars }) =>
            exemplars.map(({ labels }) => labels[EXEMPLAR_TRACE_ID]),
          );
          // The trace of that id was read from Tempo by the hop before.
          if (ids.includes(made.traceId)) return;
          throw new HopFailure("no exemplar of the run's trace is in Prometheus", {
            cause:
              "the span metrics connector sends no exemplars, or Prometheus does not store them",
            look: "--enable-feature=exemplar-storage of prometheus; exemplars of the collector's span_metrics",
          });
        }),
    },
    ...target.pushers.map((pusher) => pushHop(context, pusher)),
  ];
}

export const pushedId = (pusher: ServiceName): string => `prometheus.pushed.${pusher}`;

/** Prometheus has a sample of the service's own that is younger than this run. */
function pushHop(context: Context, pusher: ServiceName): Hop {
  return {
    id: pushedId(pusher),
    name: `${pusher} pushes its own metrics to Prometheus`,
    services: ["prometheus", pusher],
    // The others have nothing that could be asked.
    needs: [TO_PROMETHEUS, ...(pusher === "jaeger" ? [answersId(pusher)] : [])],
    run: () =>
      poll(
        context.deadline,
        async () => {
          const age = Math.max(1, Math.ceil((Date.now() - context.run.startedAt) / 1000));
          const fresh = `count(last_over_time({job=~"(.+/)?${pusher}"}[${age}s]))`;
          if ((await query(context, fresh)).length > 0) return;
          const log = (await context.readLog?.(pusher)) ?? "";
          throw new HopFailure("Prometheus has no sample of it since this run began", {
            cause:
              causeInLog(log, /failed to upload metrics|api\/v1\/otlp\/v1\/metrics/i, {
                client: pusher,
                server: "prometheus",
              }) ?? `${pusher} cannot push: CA, certificate or address of its metrics exporter`,
            look: `the log of ${pusher}; telemetry.metrics.readers in its configuration`,
          });
        },
        2000,
      ),
  };
}
