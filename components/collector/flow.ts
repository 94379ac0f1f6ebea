import type { StackConfig } from "../../config/parse";
import { PUSHING_JOBS, SPAN_METRICS } from "../prometheus/metric-names";
import { hasTwoTiers, intakeOf } from "../stack/connections";
import { IDS } from "./component";
import { PRIMARIES } from "./exporters";
import { isSampling, sampling } from "./sampling";

const [TEMPO, LOKI] = PRIMARIES;

/** Its metrics are pushed, so `job` is its `service.name`. */
export const OWN = 'job="collector"';

/** Signals as the collector's counters call them. */
export const SIGNALS = ["spans", "log_records", "metric_points"] as const;
export type CountedSignal = (typeof SIGNALS)[number];

const receivedBy = (job: string, fate: string, signal: CountedSignal) =>
  `otelcol_receiver_${fate}_${signal}_total{${job}}`;

/** Counter of what the collector's receivers did with what came: `accepted`, `refused` or `failed`. */
export const received = (fate: string, signal: CountedSignal) => receivedBy(OWN, fate, signal);

/** The same where applications' data comes in: at the gateway, where there is one. */
export const receivedAtDoor = (config: StackConfig, fate: string, signal: CountedSignal) =>
  receivedBy(`job="${PUSHING_JOBS[intakeOf(config)]}"`, fate, signal);

/** Counter of what the gateway handed to the collector. */
const handedOver = (signal: CountedSignal) =>
  `otelcol_exporter_sent_${signal}_total{job="${PUSHING_JOBS["collector-gateway"]}"}`;

/** Labels of what each replica tells of itself, beside others; none where there is one alone. */
export const eachReplica = (config: StackConfig): string[] =>
  hasTwoTiers(config) ? ["instance"] : [];

/** Counter of what an exporter delivered. */
export const sent = (signal: CountedSignal, exporter: string): string =>
  `otelcol_exporter_sent_${signal}_total{${OWN}, exporter="${exporter}"}`;

/** Counter of the spans that are to be stored: what sampling and health checks leave. */
export function kept(config: StackConfig): string {
  if (isSampling(config)) return SPAN_METRICS.keptCalls;
  return IDS.healthFilter in sampling(config)
    ? `otelcol_processor_outgoing_items_total{${OWN}, processor="${IDS.healthFilter}"}`
    : received("accepted", "spans");
}

/** Counters of what has arrived at a store. */
export const AT_TEMPO = 'tempo_distributor_spans_received_total{job="tempo"}';
export const AT_LOKI = 'loki_distributor_lines_received_total{job="loki"}';

/** One step on the way: what counts first, and what counts when it has arrived. */
export interface Hop {
  name: string;
  from: string;
  to: string;
}

/** The steps of spans and of log lines from the intake to the stores. */
export function hops(config: StackConfig): { spans: Hop[]; logLines: Hop[] } {
  const handover = (what: string, signal: CountedSignal): Hop[] =>
    hasTwoTiers(config)
      ? [
          {
            name: `${what}: gateway → collector`,
            from: handedOver(signal),
            to: received("accepted", signal),
          },
        ]
      : [];
  const delivered = { spans: sent("spans", TEMPO), lines: sent("log_records", LOKI) };
  return {
    spans: [
      ...handover("spans", "spans"),
      // What a sampler kept is counted by series of operations. Those are born with what they count,
      // so that a share of them and the exporter's counter would be wrong after each birth.
      ...(isSampling(config)
        ? []
        : [{ name: "spans: kept → delivered", from: kept(config), to: delivered.spans }]),
      { name: "spans: delivered → at Tempo", from: delivered.spans, to: AT_TEMPO },
      {
        name: "bytes: at Tempo → in its live store",
        from: 'tempo_distributor_bytes_received_total{job="tempo"}',
        to: 'tempo_live_store_bytes_received_total{job="tempo"}',
      },
    ],
    logLines: [
      ...handover("log lines", "log_records"),
      {
        name: "log lines: accepted → delivered",
        from: received("accepted", "log_records"),
        to: delivered.lines,
      },
      { name: "log lines: delivered → at Loki", from: delivered.lines, to: AT_LOKI },
    ],
  };
}

export const perSecond = (counter: string, window: string) => `sum(rate(${counter}[${window}]))`;

/** Share of what set out in a window and did not arrive; 0 where nothing set out. */
export const missingShare = ({ from, to }: Pick<Hop, "from" | "to">, window: string) =>
  `clamp_min(1 - (${perSecond(to, window)} or vector(0)) / (${perSecond(from, window)} > 0), 0) ` +
  "or vector(0)";
