/** Spans that the whole list sends, at least: a million, or what `.ci/run` sets. */
export const SPANS = Number(process.env.TRACEKEEP_DURABILITY_SPANS ?? 1_000_000);

/** Cases that share them equally. */
export const CASES = 28;

/** Spans of one case. */
export const SHARE = Math.ceil(SPANS / CASES);

const isLong = SPANS >= 1_000_000;

/** Seconds in which a case's spans are sent. */
export const SENDING = isLong ? 15 : 4;

/** Seconds for which all backends are away. */
export const OUTAGE = isLong ? 300 : 8;

/** Milliseconds that a case may take. */
export const LIMIT = isLong ? 900_000 : 120_000;

/** Longest pause of a slow store in seconds; longer than the collector waits for an answer (30 s). */
export const PAUSE = isLong ? 35 : 3;
