import type { DialledService } from "../../../config/services";
import { guardName } from "../../guard/name";
import { isGuarded } from "../../stack/listeners";
import { causeInLog, tlsCauseInLog } from "../causes";
import { metricsPage, query, sumMetrics, type Context } from "../context";
import { HopFailure, type Diagnosis } from "../hop";
import { closedGuard } from "./guards";

/** A service's counter of what reached it; grows with every push, whatever becomes of it then. */
export const RECEIVED: Partial<Record<DialledService, string>> = {
  tempo: "tempo_distributor_spans_received_total",
  loki: "loki_distributor_lines_received_total",
};

/** What the services had counted before anything was sent. */
export interface Baseline {
  received: Partial<Record<DialledService, number>>;
  /** Tempo's discarded spans, by reason. */
  discarded: Map<string, number>;
  /** Sums of span metrics and the service graph, by their name and then by collector. */
  sums: Map<string, Map<string, number>>;
}

const total = (sums: Map<string, number>) => [...sums.values()].reduce((sum, n) => sum + n, 0);

export async function receivedBy(
  context: Context,
  service: DialledService,
): Promise<number | undefined> {
  const counter = RECEIVED[service];
  const page = await metricsPage(context, service);
  return counter === undefined || page === "" ? undefined : total(sumMetrics(page, counter));
}

export const discardedSpans = async (context: Context) =>
  sumMetrics(await metricsPage(context, "tempo"), "tempo_discarded_spans_total", "reason");

/** Name of the collector's exporter to a service, as its metrics and its log call it. */
const EXPORTERS: Partial<Record<DialledService, string>> = {
  tempo: "otlp_grpc/tempo",
  loki: "otlp_http/loki",
  prometheus: "otlp_http/prometheus",
  jaeger: "otlp_grpc/jaeger",
};

async function queued(context: Context, exporter: string): Promise<number | undefined> {
  try {
    const samples = await query(
      context,
      `sum(otelcol_exporter_queue_size{exporter="${exporter}"})`,
    );
    return samples[0]?.value;
  } catch {
    return undefined;
  }
}

/** Why what the collector took did not reach `service`, which is up and answers. */
export async function undelivered(
  context: Context,
  service: DialledService,
  what: string,
): Promise<HopFailure> {
  const exporter = EXPORTERS[service] ?? service;
  const log = (await context.readLog?.("collector")) ?? "";
  const told = causeInLog(log, new RegExp(exporter.replace("/", "\\/")), {
    client: "the collector",
    server: service,
    ...(isGuarded(service) && { front: `the guard before ${service}` }),
  });
  const closed = await closedGuard(context, service);
  const size = await queued(context, exporter);
  const waiting = size ? `; ${size} wait in its queue` : "";
  const seen = `the collector took ${what}, ${service} never received it${waiting}`;
  if (closed !== undefined) {
    return new HopFailure(seen, {
      cause: closed,
      look: `docs/space.md; the log of ${guardName(service)}; nothing is lost, what waits is sent once there is room`,
    });
  }
  return new HopFailure(seen, {
    cause:
      told ??
      `the collector's exporter ${exporter} cannot deliver: it does not trust the CA of ${service} or has none (tls.ca_file), presents no certificate, or dials another address`,
    look: `the log of collector ("Exporting failed", ${exporter}); exporters.${exporter}.tls`,
  });
}

/** What a service's log tells of its own inner connections, or a cause that names them all. */
export async function innerCause(
  context: Context,
  service: DialledService,
  seen: string,
  fallback: Diagnosis,
): Promise<Diagnosis> {
  const log = (await context.readLog?.(service)) ?? "";
  const parties = { client: `${service}'s own client`, server: `${service}'s own gRPC port` };
  const told =
    tlsCauseInLog(seen, /./, parties) ??
    tlsCauseInLog(log, /transport|rpc error|x509|tls|handshake|preface/i, parties);
  return told === undefined ? fallback : { ...fallback, cause: told };
}
