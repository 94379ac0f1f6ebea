import type { ServiceContext } from "../service";
import { hasTwoTiers } from "../stack/connections";
import { clusterAttributes } from "./cluster-attributes";
import { IDS } from "./component";
import { copiesOf, storesOf, type Signal } from "./exporters";
import { intakesOf } from "./receivers";
import { redactionOf } from "./redaction";
import { sampling } from "./sampling";

export interface Pipeline {
  receivers: string[];
  processors: string[];
  exporters: string[];
}

/** Where a signal goes: to its stores and, if there are any, to its copies. */
function destinations(context: ServiceContext, signal: Signal): string[] {
  const copied = copiesOf(context, signal).length > 0;
  return [...storesOf(context, signal), ...(copied ? [IDS.copies] : [])];
}

/**
 * A full queue of a copy would be an error of the whole request, and the sender would repeat what
 * the stores have already. The batch processor answers before it hands on, and swallows the error.
 */
function copyPipelines(context: ServiceContext): Record<string, Pipeline> {
  const signals: Signal[] = ["traces", "logs", "metrics"];
  return Object.fromEntries(
    signals
      .filter((signal) => copiesOf(context, signal).length > 0)
      .map((signal) => [
        `${signal}/copies`,
        {
          receivers: [IDS.copies],
          processors: [IDS.memoryLimiter, IDS.detach],
          exporters: copiesOf(context, signal),
        },
      ]),
  );
}

/** Every way through the collector. Nothing is stored, counted or queued before redaction. */
export function pipelines(context: ServiceContext): Record<string, Pipeline> {
  const { config } = context;
  // Of two tiers the first is whom senders dial.
  const senders = hasTwoTiers(config) ? [] : Object.keys(clusterAttributes(config));
  const intake = (signal: Signal, exporters: string[]): Pipeline => ({
    receivers: intakesOf(context, signal),
    processors: [
      IDS.memoryLimiter,
      ...senders,
      ...redactionOf(config, signal),
      IDS.resource,
      ...(signal === "metrics" ? [IDS.clocks] : []),
    ],
    exporters,
  });
  const counters = [IDS.spanMetrics, IDS.serviceGraph];
  const selection = Object.keys(sampling(config));
  const kept = selection.length > 0 ? [IDS.exemplarMetrics] : [];
  const stored = destinations(context, "traces");
  return {
    traces: intake("traces", [...counters, ...(selection.length > 0 ? [IDS.stored] : stored)]),
    ...(selection.length > 0 && {
      "traces/stored": {
        receivers: [IDS.stored],
        processors: [IDS.memoryLimiter, ...selection],
        exporters: [...stored, ...kept],
      },
    }),
    logs: intake("logs", destinations(context, "logs")),
    metrics: intake("metrics", destinations(context, "metrics")),
    "metrics/counted": {
      receivers: [...counters, ...kept],
      processors: [IDS.memoryLimiter, ...(hasTwoTiers(config) ? [IDS.replica] : [])],
      exporters: destinations(context, "metrics"),
    },
    // Neither redacted nor copied: it is the collector that speaks.
    "metrics/own": {
      receivers: [IDS.own],
      processors: [IDS.memoryLimiter, IDS.resource],
      exporters: storesOf(context, "metrics"),
    },
    "metrics/host": {
      receivers: [IDS.host],
      processors: [IDS.memoryLimiter, IDS.hostIdentity, IDS.resource],
      exporters: storesOf(context, "metrics"),
    },
    ...copyPipelines(context),
  };
}
