import { shortText } from "../causes";
import { ask, askJson, metricsPage, sumMetrics, type Context } from "../context";
import { HopFailure, poll, type Diagnosis, type Hop } from "../hop";
import { PLAYED, RUN_ATTRIBUTE } from "../run";
import { answersId } from "./answers";
import { discardedSpans, innerCause, receivedBy, undelivered, type Baseline } from "./delivery";
import { INTAKE_GRPC } from "./intake";

export const TO_TEMPO = "collector.tempo";
export const TEMPO_TRACE = "tempo.trace";
export const JAEGER_TRACE = "jaeger.trace";

/**
 * Seconds that the collector may take to dial a Tempo again that was away for a minute: gRPC waits
 * longer after each attempt in vain.
 */
const RECONNECT = 60;

/** Every span id in a trace's JSON, as hexadecimal; Tempo writes them in base64, Jaeger does not. */
export function spanIdsIn(json: unknown): Set<string> {
  const ids = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if ((key === "spanId" || key === "spanID") && typeof inner === "string") {
        ids.add(
          /^[0-9a-f]{16}$/.test(inner) ? inner : Buffer.from(inner, "base64").toString("hex"),
        );
      } else visit(inner);
    }
  };
  visit(json);
  return ids;
}

/** How many of the run's spans a trace lacks. */
const missing = (context: Context, body: string): number => {
  const found = spanIdsIn(JSON.parse(body));
  return context.made.spanIds.filter((id) => !found.has(id)).length;
};

const tempoTrace = (context: Context) =>
  ask(context, "tempo", {
    path: `/api/v2/traces/${context.made.traceId}`,
    headers: { accept: "application/json" },
    timeoutMs: 5000,
  });

/** Why Tempo, which received the spans, does not give the trace back. */
async function notStored(context: Context, before: Baseline, seen: string): Promise<Diagnosis> {
  const discarded = [...(await discardedSpans(context))]
    .filter(([reason, count]) => count > (before.discarded.get(reason) ?? 0))
    .map(([reason]) => reason);
  if (discarded.length > 0) {
    return {
      cause: `Tempo received the spans and discarded them at a limit: ${discarded.join(", ")}`,
      look: "tempo_discarded_spans_total; overrides.defaults.ingestion of Tempo, tracekeep:capacity",
    };
  }
  const ready = await ask(context, "tempo", { path: "/ready", timeoutMs: 5000 }).catch(() => ({
    status: 0,
    body: "",
  }));
  const queriers = /number of queriers connected to query-frontend is 0/i.test(ready.body);
  if (queriers || /preface|x509|tls:|transport/i.test(seen)) {
    const block = /live-?store/i.test(seen)
      ? "live_store_client.grpc_client_config"
      : "querier.frontend_worker.grpc_client_config";
    return innerCause(context, "tempo", seen, {
      cause: `Tempo's own clients cannot reach Tempo: TLS of its gRPC server and of ${block} disagree (TLS off, another CA, a missing tls_server_name, or a certificate without client usage)`,
      look: `the log of tempo ("error contacting frontend"); ${block}.tls_* against server.grpc_tls_config`,
    });
  }
  const page = await metricsPage(context, "tempo");
  const created = [...sumMetrics(page, "tempo_live_store_traces_created_total").values()];
  const stored = created.reduce((sum, n) => sum + n, 0) > 0;
  return innerCause(context, "tempo", seen, {
    cause: stored
      ? "Tempo stores traces but did not find this one in time: its live store is behind or its storage is slow"
      : "Tempo says it is ready but stores nothing: no trace ever reached its live store",
    look: "the log of tempo; tempo_live_store_traces_created_total against tempo_distributor_spans_received_total",
  });
}

interface SearchAnswer {
  traces?: { traceID: string }[];
}

const sameId = (left: string, right: string) => left.padStart(32, "0") === right.padStart(32, "0");

/** The trace on its way to Tempo and Jaeger, and what is read back of it. */
export function traceHops(context: Context, baseline: () => Promise<Baseline>): Hop[] {
  const { made, run } = context;
  return [
    {
      id: TO_TEMPO,
      name: "the collector delivers traces to Tempo",
      services: ["collector", "tempo"],
      needs: [INTAKE_GRPC, answersId("tempo")],
      run: async () => {
        const before = (await baseline()).received.tempo ?? 0;
        const wait = context.target.sampling.ratio < 1 ? context.target.sampling.decisionWait : 0;
        const deadline = Math.min(context.deadline, Date.now() + (wait + RECONNECT) * 1000);
        await poll(deadline, async () => {
          if (((await receivedBy(context, "tempo")) ?? 0) > before) return;
          throw new Error("not received");
        }).catch(async () => {
          throw await undelivered(context, "tempo", "the trace");
        });
      },
    },
    {
      id: TEMPO_TRACE,
      name: "trace by id in Tempo",
      services: ["collector", "tempo"],
      needs: [TO_TEMPO],
      run: async () => {
        let seen = "";
        await poll(context.deadline, async () => {
          const { status, body } = await tempoTrace(context).catch((error: Error) => {
            seen = error.message;
            throw error;
          });
          seen = `${status} ${shortText(body)}`;
          if (status !== 200) throw new Error(seen);
          const lacking = missing(context, body);
          seen = `${lacking} of ${made.spanIds.length} spans are missing`;
          if (lacking > 0) throw new Error(seen);
        }).catch(async () => {
          throw new HopFailure(
            `Tempo received spans and does not give trace ${made.traceId} back: ${seen}`,
            await notStored(context, await baseline(), seen),
          );
        });
        return `${made.spanIds.length} spans`;
      },
    },
    {
      id: "tempo.search",
      name: "TraceQL search by service.name in Tempo",
      services: ["collector", "tempo"],
      needs: [TEMPO_TRACE],
      run: () =>
        poll(
          context.deadline,
          async () => {
            const q = `{ resource.service.name = "${PLAYED.search}" && span.${RUN_ATTRIBUTE} = "${run.id}" }`;
            const now = Math.floor(Date.now() / 1000);
            const start = Math.floor(run.startedAt / 1000) - 3600;
            const { traces = [] } = await askJson<SearchAnswer>(context, "tempo", {
              path: `/api/search?q=${encodeURIComponent(q)}&start=${start}&end=${now + 60}&limit=5`,
              headers: { accept: "application/json" },
            });
            if (traces.some(({ traceID }) => sameId(traceID, made.traceId))) return;
            throw new HopFailure("the search does not find the trace that reading by id gave", {
              cause:
                "Tempo's search leaves out the last 30 s (query_end_cutoff) and then reads its live store: it is behind, or the waiting time is too short",
              look: "the log of tempo; query_frontend.query_end_cutoff; tracekeep:verification.timeout",
            });
          },
          1000,
        ),
    },
    {
      id: JAEGER_TRACE,
      name: "trace by id in Jaeger",
      services: ["collector", "jaeger"],
      needs: [INTAKE_GRPC, answersId("jaeger")],
      run: () =>
        poll(context.deadline, async () => {
          const { status, body } = await ask(context, "jaeger", {
            path: `/api/v3/traces/${made.traceId}`,
          });
          if (status === 200 && missing(context, body) === 0) return;
          throw status === 200 || status === 404
            ? await undelivered(context, "jaeger", "the trace")
            : new HopFailure(`Jaeger answered ${status}: ${shortText(body)}`, {
                cause: "Jaeger's storage does not answer",
                look: "the log of jaeger",
              });
        }),
    },
  ];
}
