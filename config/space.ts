import { claimNeeds } from "./claims";
import type { StackConfig } from "./parse";
import { goDuration, sizeText } from "./units";

/** Stores that know no bound by size: what they hold follows from their retention. */
export const BUDGETED = ["tempo", "loki", "jaeger"] as const;

export type BudgetedStore = (typeof BUDGETED)[number];

const HOUR = 3600;
const GI = 2 ** 30;

/** How long a store keeps what it gets. */
export interface Keeping {
  /** Path of the option. */
  option: string;
  seconds: number;
  /** It is a whole number of so many seconds, and at least one. */
  step: number;
}

/** What a store may fill. */
export interface Budget {
  store: BudgetedStore;
  bytes: number;
  /** Path of the option that says so. */
  option: string;
  /** Whether its volume has that size: one of a host has none, and what others write counts there. */
  ownVolume: boolean;
}

/** Where each target has it said. A target's volumes are of a kind. */
const SAID: Record<
  StackConfig["target"],
  (
    config: StackConfig,
    store: BudgetedStore,
  ) => Omit<Budget, "store" | "bytes"> & { bytes?: number }
> = {
  docker: ({ space }, store) => ({
    bytes: space[store],
    option: `space.${store}`,
    ownVolume: false,
  }),
  kubernetes: ({ kubernetes: { volumes } }, store) => ({
    bytes: volumes[store],
    option: `kubernetes.volumes.${store}`,
    ownVolume: true,
  }),
};

/** Path of the option that says what a store may fill, on the target that the stack has. */
export const budgetOption = (config: StackConfig, store: BudgetedStore): string =>
  SAID[config.target](config, store).option;

/** Whether a store keeps on its volume what it is sent, for as long as its retention says. */
export function keepsOnVolume({ storage, jaeger }: StackConfig, store: BudgetedStore): boolean {
  return store === "jaeger" ? jaeger.enabled : storage[store].kind === "local";
}

/** The retention of each store. */
export function keepingOf({ retention, jaeger }: StackConfig, store: BudgetedStore): Keeping {
  const keeping: Record<BudgetedStore, Keeping> = {
    tempo: { option: "retention.traces", seconds: retention.traces, step: HOUR },
    // It deletes by day.
    loki: { option: "retention.logs", seconds: retention.logs, step: 24 * HOUR },
    jaeger: { option: "jaeger.retention", seconds: jaeger.retention, step: HOUR },
  };
  return keeping[store];
}

/** The budgets of a stack's stores; of those left out nothing is known. */
export function budgetsOf(config: StackConfig): Budget[] {
  return BUDGETED.filter((store) => keepsOnVolume(config, store)).flatMap((store) => {
    const { bytes, ...said } = SAID[config.target](config, store);
    return bytes === undefined ? [] : [{ store, bytes, ...said }];
  });
}

/** Bytes a second that each store writes on average. */
export type Rates = Partial<Record<BudgetedStore, number>>;

/** The rate that the options state: the mean of the capacity. */
export function statedRate(config: StackConfig, store: BudgetedStore): number {
  return (claimNeeds(config)[store]?.bytes ?? 0) / keepingOf(config, store).seconds;
}

/**
 * The longest retention (seconds) that stays below the warning at a rate; 0 where not even the
 * shortest does.
 */
export function retentionThatFits(config: StackConfig, budget: Budget, rate: number): number {
  const { step } = keepingOf(config, budget.store);
  return Math.floor((budget.bytes * config.alerts.space.warning) / rate / step) * step;
}

/** A size for people, in GiB, or MiB below a tenth of one. */
export function roundSize(bytes: number): string {
  if (bytes < GI / 10) return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const gib = bytes / GI;
  return `${gib.toFixed(gib < 100 ? 1 : 0)} GiB`;
}

/** What stands against a budget: whether it was measured so, and the sentence. */
export interface Misfit {
  store: BudgetedStore;
  measured: boolean;
  sentence: string;
}

/** The stores whose retention does not fit into their budget, by what was measured, else stated. */
export function misfits(config: StackConfig, measured: Rates = {}): Misfit[] {
  const share = config.alerts.space.warning;
  return budgetsOf(config).flatMap((budget): Misfit[] => {
    const { store, bytes, option, ownVolume } = budget;
    // A claim that is too small for the stated load is refused with the options (`config/claims.ts`).
    if (ownVolume && measured[store] === undefined) return [];
    const rate = measured[store] ?? statedRate(config, store);
    const keeping = keepingOf(config, store);
    const need = rate * keeping.seconds;
    if (need <= bytes * share) return [];
    const source = measured[store] === undefined ? "states" : "was measured in the last day";
    const per = `${roundSize(rate * 24 * HOUR)} a day`;
    const fits = retentionThatFits(config, budget, rate);
    const shorter =
      fits === 0
        ? `not even ${goDuration(keeping.step)} fit`
        : `${keeping.option}: ${goDuration(fits)} fits`;
    const larger = `${option}: ${sizeText(Math.ceil(need / share / GI) * GI)} would do`;
    const load =
      measured[store] === undefined
        ? `what capacity ${source} (its mean, ${per})`
        : `what ${source} (${per})`;
    return [
      {
        store,
        measured: measured[store] !== undefined,
        sentence:
          `${store} cannot keep ${keeping.option}: ${goDuration(keeping.seconds)} of ${load}: ` +
          `${roundSize(need)}, and ${option}: ${sizeText(bytes)} has room for ` +
          `${roundSize(bytes * share)} below the alert (alerts.space.warning). ${shorter}; ${larger}.`,
      },
    ];
  });
}
