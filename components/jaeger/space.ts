import { goDuration } from "../../config/units";
import { WRITTEN_WINDOW, type StoreFigures } from "../store-figures";

/** Length of the file that Badger sets aside for large values, of which it has none: not on the disk. */
const SET_ASIDE = 2 ** 31;

const badger = (name: string) => `jaeger_storage_badger_${name}{job="jaeger"}`;

/** Badger's tables, and its log of large values as far as there is one. */
export const jaegerFigures = (): StoreFigures => ({
  used: `sum(${badger("size_bytes_lsm")}) + clamp_min(sum(${badger("size_bytes_vlog")}) - ${SET_ASIDE}, 0)`,
  written: `sum(rate(${badger("write_bytes_user")}[${goDuration(WRITTEN_WINDOW)}]))`,
});
