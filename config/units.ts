/**
 * Durations and sizes as plain numbers: a duration is a number of seconds, a size a number of bytes.
 * They are parsed once, in the schema, and formatted again in each service's own spelling.
 */

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
};

const SIZE_UNITS: Readonly<Record<string, number>> = {
  "": 1,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** Seconds of a text such as `"90s"`, `"1h30m"` or `"7d"`; `undefined` if it is no such text. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d|w))+$/.test(text)) return undefined;
  let seconds = 0;
  for (const [, amount, , unit] of text.matchAll(/(\d+(\.\d+)?)(ms|[smhdw])/g)) {
    seconds += Number(amount) * DURATION_UNITS[unit];
  }
  return seconds;
}

/** Bytes of a text such as `"512Mi"` or `"2Gi"`; `undefined` if it is no such text. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(Ki|Mi|Gi|Ti)?$/.exec(text);
  return match ? Math.round(Number(match[1]) * SIZE_UNITS[match[2] ?? ""]) : undefined;
}

/** A duration in the spelling of Go (`time.ParseDuration`), largest whole unit: `"168h"`, `"30s"`, `"200ms"`. */
export function goDuration(seconds: number): string {
  if (seconds % 3600 === 0 && seconds > 0) return `${seconds / 3600}h`;
  if (seconds % 60 === 0 && seconds > 0) return `${seconds / 60}m`;
  if (Number.isInteger(seconds)) return `${seconds}s`;
  return `${Math.round(seconds * 1000)}ms`;
}

/** A size in whole mebibytes, at least 1. */
export function mebibytes(bytes: number): number {
  return Math.max(1, Math.round(bytes / 2 ** 20));
}

/** A size in the spelling of Kubernetes, largest whole unit: `"2Gi"`, `"512Mi"`. */
export function sizeText(bytes: number): string {
  for (const unit of ["Ti", "Gi", "Mi", "Ki"]) {
    if (bytes % SIZE_UNITS[unit] === 0 && bytes > 0) return `${bytes / SIZE_UNITS[unit]}${unit}`;
  }
  return String(bytes);
}
