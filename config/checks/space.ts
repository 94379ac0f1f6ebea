import type { Problem } from "../parse";
import { BUDGETED, budgetOption, keepsOnVolume } from "../space";
import { sizeText } from "../units";
import type { Check } from "./check";

/** No store works in less; Badger writes 64 MiB at a time, and several of them before it merges any. */
const LEAST = { tempo: 2 ** 26, loki: 2 ** 26, jaeger: 2 ** 30 } as const;

/** Budgets are of what is there, and of the target that has no other size of it. */
export const budgets: Check = (config) =>
  BUDGETED.flatMap((store): Problem[] => {
    const bytes = config.space[store];
    if (bytes === undefined) return [];
    const path = `space.${store}`;
    const problem = (message: string): Problem[] => [{ path, message }];
    const option = budgetOption(config, store);
    if (option !== path) {
      return problem(
        `has no meaning with target "${config.target}": ${option} is what it may fill`,
      );
    }
    if (!keepsOnVolume(config, store)) {
      const why = store === "jaeger" ? "jaeger.enabled: false" : `storage.${store}.kind: s3`;
      return problem(`has no meaning with ${why}: nothing is kept on its volume`);
    }
    return bytes < LEAST[store]
      ? problem(`expected at least "${sizeText(LEAST[store])}", got "${sizeText(bytes)}"`)
      : [];
  });
