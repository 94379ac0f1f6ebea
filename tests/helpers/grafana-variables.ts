import type { Variable } from "./grafana-dashboard";

/** Grafana's variables: how it replaces them in a query, by data source. */

/** What a variable stands for on a page that is open. */
export interface Chosen {
  variable: Pick<Variable, "multi" | "includeAll">;
  /** One value, several, or the text of `allValue`. */
  value: string | string[];
  /** `allValue` goes into the query as it is. */
  verbatim?: boolean;
}

export type ChosenVariables = Readonly<Record<string, Chosen>>;

type Format = (value: string | string[], variable: Chosen["variable"]) => string;

const list = (value: string | string[]) => (Array.isArray(value) ? value : [value]);
const escapeRegex = (text: string) => text.replace(/[\\^$*+?.()|[\]{}/]/g, "\\$&");
/** For a regular expression inside a quoted string, where a backslash is two. */
const escapeQuotedRegex = (text: string) =>
  text.replaceAll("\\", "\\\\\\\\").replace(/[$^*{}[\]'+?.()|]/g, "\\\\$&");

const byRegex =
  (joined: (values: string[]) => string): Format =>
  (value, { multi, includeAll }) => {
    if (!multi && !includeAll) return list(value).join();
    const values = list(value).map(escapeQuotedRegex);
    return values.length === 1 ? values[0] : joined(values);
  };

/** How each data source writes a variable that names no format. */
const DATA_SOURCES: Readonly<Record<string, Format>> = {
  prometheus: byRegex((values) => `(${values.join("|")})`),
  loki: byRegex((values) => values.join("|")),
  tempo: (value) => list(value).join("|"),
};

/** Formats that a variable may name: `${service:regex}`. */
const FORMATS: Readonly<Record<string, Format>> = {
  regex: (value) => {
    const values = list(value).map(escapeRegex);
    return values.length === 1 ? values[0] : `(${values.join("|")})`;
  },
  pipe: (value) => list(value).join("|"),
  csv: (value) => list(value).join(),
  raw: (value) => list(value).join(),
  text: (value) => list(value).join(" + "),
  doublequote: (value) =>
    list(value)
      .map((one) => `"${one.replaceAll('"', '\\"')}"`)
      .join(),
};

const REFERENCE = /\$(\w+)|\$\{(\w+)(?::(\w+))?\}/g;

/**
 * A query as Grafana sends it to a data source.
 *
 * @param builtIn values of `$__interval` and the like, by name without the dollar sign
 * @throws on a variable that nobody has, which Grafana would send as it stands
 */
export function interpolate(
  text: string,
  dataSource: string,
  variables: ChosenVariables,
  builtIn: Readonly<Record<string, string>>,
): string {
  return text.replace(REFERENCE, (whole, plain?: string, braced?: string, format?: string) => {
    const name = plain ?? braced ?? "";
    if (name in builtIn) return builtIn[name];
    const chosen = variables[name];
    if (chosen === undefined) throw new Error(`no variable ${whole} in: ${text}`);
    if (chosen.verbatim) return list(chosen.value).join("|");
    const write = format === undefined ? DATA_SOURCES[dataSource] : FORMATS[format];
    if (write === undefined) throw new Error(`unknown format of ${whole} for ${dataSource}`);
    return write(chosen.value, chosen.variable);
  });
}

/** Steps that Grafana rounds to: up to the first number the second is taken, in milliseconds. */
const STEPS = [
  [1500, 1000],
  [3500, 2000],
  [7500, 5000],
  [12_500, 10_000],
  [17_500, 15_000],
  [25_000, 20_000],
  [45_000, 30_000],
  [90_000, 60_000],
  [210_000, 120_000],
  [450_000, 300_000],
  [Infinity, 600_000],
];

export interface Timing {
  /** Seconds that the panel looks back. */
  range: number;
  /** Points that its width has. */
  points: number;
  /** Seconds that a step has at least. */
  minimum: number;
  /** Seconds between two scrapes, as the data source says. */
  scrapeInterval: number;
}

/** Seconds of a step. */
export function stepOf({ range, points, minimum }: Timing): number {
  const milliseconds = (range * 1000) / points;
  const [, rounded] = STEPS.find(([limit]) => milliseconds < limit) ?? [];
  return Math.max(minimum, (rounded ?? 1000) / 1000);
}

/** Values of Grafana's own variables. */
export function builtInVariables(timing: Timing): Record<string, string> {
  const { range, scrapeInterval } = timing;
  const step = stepOf(timing);
  const rate = Math.max(step + scrapeInterval, 4 * scrapeInterval);
  return {
    __interval: `${step}s`,
    __interval_ms: String(step * 1000),
    __rate_interval: `${rate}s`,
    __range: `${range}s`,
    __range_s: String(range),
    __range_ms: String(range * 1000),
    __auto: `${step}s`,
  };
}
