import { bytesPerSecond } from "./capacity";
import type { StackConfig } from "./parse";
import type { DialledService } from "./services";

/**
 * Bytes that one span or log line takes where it is kept, rounded up from what was measured: spans
 * of ten attributes, three of them unlike any other, in Tempo's blocks (173) and in Jaeger's Badger
 * (from 360 to 680, with what it keeps beside them); lines of 128 characters with ids (131).
 */
export const STORED_BYTES = { span: 200, jaegerSpan: 700, logLine: 150 } as const;

/** Seconds for which Tempo and Loki keep at hand what a bucket has already. */
const AT_HAND = 1800;

/** What a claim holds. */
export interface ClaimNeed {
  /** At the stated load, without room. */
  bytes: number;
  /** The options that it follows from. */
  follows: string;
}

/** What the options can make each service keep on its claim; of those left out nothing is known. */
export function claimNeeds(config: StackConfig): Partial<Record<DialledService, ClaimNeed>> {
  const { capacity, sampling, retention, jaeger, storage } = config;
  const rate = bytesPerSecond(config);
  const spans = capacity.spansPerSecond * sampling.ratio * capacity.mean;
  const lines = capacity.logLinesPerSecond * capacity.mean;
  const waiting = capacity.outage + AT_HAND;
  return {
    tempo:
      storage.tempo.kind === "local"
        ? {
            bytes: spans * STORED_BYTES.span * retention.traces,
            follows: `retention.traces of capacity.spansPerSecond, its mean and sampling.ratio, ${STORED_BYTES.span} bytes a span`,
          }
        : {
            bytes: rate.traces * sampling.ratio * waiting,
            follows: "what waits for the bucket for capacity.outage of capacity.spansPerSecond",
          },
    loki:
      storage.loki.kind === "local"
        ? {
            bytes: lines * STORED_BYTES.logLine * retention.logs,
            follows: `retention.logs of capacity.logLinesPerSecond and its mean, ${STORED_BYTES.logLine} bytes a line`,
          }
        : {
            bytes: rate.logs * waiting,
            follows: "what waits for the bucket for capacity.outage of capacity.logLinesPerSecond",
          },
    prometheus: { bytes: retention.metrics.size, follows: "retention.metrics.size" },
    collector: {
      bytes: (rate.traces + rate.logs + rate.metrics) * capacity.outage,
      follows: "the queues, which hold capacity.outage of the stated load",
    },
    ...(jaeger.enabled && {
      jaeger: {
        bytes: spans * STORED_BYTES.jaegerSpan * jaeger.retention,
        follows: `jaeger.retention of capacity.spansPerSecond, its mean and sampling.ratio, ${STORED_BYTES.jaegerSpan} bytes a span`,
      },
    }),
  };
}
