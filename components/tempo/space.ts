import type { StackConfig } from "../../config/parse";
import { goDuration } from "../../config/units";
import { WRITTEN_WINDOW, type StoreFigures } from "../store-figures";
import { keptAtHand } from "./config";

const OWN = '{job="tempo"}';
const COMPLETED = `tempo_live_store_completion_size_bytes_sum${OWN}`;
const FLUSHED = `tempo_live_store_local_flush_size_bytes_sum${OWN}`;

/**
 * Blocks, compacted ones that wait for their deletion too, and what the live store still has of them:
 * each as it was cut and as it was completed.
 */
export function tempoFigures(config: StackConfig): StoreFigures {
  const recent = goDuration(keptAtHand(config));
  const atHand = [COMPLETED, FLUSHED].map((sum) => `increase(${sum}[${recent}])`).join(" + ");
  return {
    used: `sum(tempodb_backend_bytes_total${OWN}) + (sum(${atHand}) or vector(0))`,
    written: `sum(rate(${FLUSHED}[${goDuration(WRITTEN_WINDOW)}]))`,
  };
}
