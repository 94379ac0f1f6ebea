/** Series at their values every 15 s, in promtool's notation, and the time at which to look. */
export interface Situation {
  /** What it is, where an alert has several. */
  what?: string;
  series: Record<string, string>;
  /** Time after the first value. */
  at: string;
  /** The one of `RULE_STACKS` that it is a case of, by its `of`. Default: of each that has the rule. */
  only?: string;
  /** Labels that it must carry when it fires, besides those that stand in the rule. */
  labels?: Record<string, string>;
}

export interface RuleCases {
  fires: Situation[];
  /** Empty for what always fires. */
  silent: Situation[];
}

/** A list of one situation. */
export const one = (situation: Situation): Situation[] => [situation];

interface Growth {
  /** Minutes that the alert looks back. */
  window?: number;
  /** Minutes that it waits before it fires. */
  wait?: number;
  labels?: Record<string, string>;
}

const samples = (minutes: number) => Math.round(minutes * 4);

/** A counter that stood still for longer than the alert looks back, and then grew once. */
export const grows = (
  series: string,
  { window = 5, wait = 1, labels }: Growth = {},
): Situation => ({
  what: series,
  series: { [series]: `0x${samples(window + 2)} 7x${samples(window)}` },
  at: `${window + 3 + wait}m`,
  labels,
});
/** One that is not there before it counts, as counters with a label for the reason are. */
export const isBorn = (
  series: string,
  { window = 5, wait = 1, labels }: Growth = {},
): Situation => ({
  what: `${series}, new`,
  series: { [series]: `_x${samples(window + 2)} 7x${samples(window)}` },
  at: `${window + 3 + wait}m`,
  labels,
});
/** One that counted something long ago, and nothing since. */
export const stands = (series: string, { window = 5, wait = 1 }: Growth = {}): Situation => ({
  what: `${series}, long ago`,
  series: { [series]: `7x${samples(2 * window + 10)}` },
  at: `${window + 5 + wait}m`,
});
/** The cases of an alert on any growth of some counters. */
export const counted = (series: readonly string[], growth?: Growth): RuleCases => ({
  fires: series.flatMap((one) => [grows(one, growth), isBorn(one, growth)]),
  silent: series.map((one) => stands(one, growth)),
});

/** A series that has one value all the while. */
export const holds = (series: string, value: number | string, at: string): Situation => ({
  series: { [series]: `${value}x1000` },
  at,
});

/** Series of the start of a scraped process. */
export const startOf = (job: string) => `process_start_time_seconds{job="${job}"}`;

/** Requests of which some percent failed, as two counters. */
const answers = (metric: string, label: string, failed: number): Record<string, string> => ({
  [`${metric}${label.replace("STATUS", "500")}`]: `0+${failed}x100`,
  [`${metric}${label.replace("STATUS", "200")}`]: `0+${100 - failed}x100`,
});

/** The cases of an alert on more than `most` percent of failed requests; the label's value is STATUS. */
export const failing = (metric: string, label: string, most: number): RuleCases => ({
  fires: one({ series: answers(metric, label, most + 5), at: "15m" }),
  silent: one({ series: answers(metric, label, most - 1), at: "15m" }),
});

/** A counter of what an exporter of the collector did with spans. */
export const sent = (exporter: string, kind = "sent") =>
  `otelcol_exporter_${kind}_spans_total{job="collector",exporter="${exporter}"}`;

/** The stack of `RULE_STACKS` whose collector has replicas. */
export const TWO_TIERS = "in two tiers";

/** A series of the collector's as one of its replicas tells it. */
export const ofReplica = (index: number, series: string): string =>
  series.replace(/\}$/, `,instance="collector-${index}"}`);
