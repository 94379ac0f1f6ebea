import type { StackConfig } from "../../config/parse";
import { BUDGETED, keepsOnVolume } from "../../config/space";
import { jaegerFigures } from "../jaeger/space";
import { lokiFigures } from "../loki/space";
import { prometheusFigures } from "../prometheus/space";
import type { StoreFigures } from "../store-figures";
import { tempoFigures } from "../tempo/space";

const FIGURES = { tempo: tempoFigures, loki: lokiFigures, jaeger: jaegerFigures };

/** Figures of every store that keeps on its volume what it is sent. */
export function storeFigures(config: StackConfig): [store: string, figures: StoreFigures][] {
  return [
    ...BUDGETED.filter((store) => keepsOnVolume(config, store)).map(
      (store): [string, StoreFigures] => [store, FIGURES[store](config)],
    ),
    ["prometheus", prometheusFigures()],
  ];
}
