import {
  lokiInstant,
  lokiRange,
  promExemplars,
  promInstant,
  promRange,
  tempoMetrics,
  tempoSearch,
  type Answer,
  type Exemplar,
  type Range,
} from "./data-source-api";
import type { PanelQuery } from "./grafana-dashboard";
import { secondsOf } from "./grafana-dashboard";
import {
  builtInVariables,
  interpolate,
  stepOf,
  type ChosenVariables,
  type Timing,
} from "./grafana-variables";
import type { ProcessStack } from "./process-stack";
import { spansInTempo } from "./requests";
import { serviceGraph } from "./service-graph";

/** Points that a panel of the whole page's width has. */
const WIDE = 1500;
/** Columns of a dashboard. */
const COLUMNS = 24;

/** Panel queries as the open page asks them: with its variables and its time. */
export interface Page {
  stack: ProcessStack;
  /** Of the dashboard with this uid. */
  variables(uid: string): ChosenVariables;
  /** End of the time range in seconds since 1970. Default: now. */
  end?: number;
}

function timingOf({ stack }: Page, { panel, target, range, dataSource }: PanelQuery): Timing {
  const scrapeInterval = stack.config.tuning.prometheus.scrapeInterval;
  const stated = [target.interval, panel.interval].find((text) => text && !text.includes("$"));
  return {
    range,
    points: panel.maxDataPoints ?? Math.round((WIDE * (panel.gridPos?.w ?? COLUMNS)) / COLUMNS),
    minimum: stated ? secondsOf(stated) : dataSource === "prometheus" ? scrapeInterval : 1,
    scrapeInterval,
  };
}

/** A panel's query as its data source gets it. */
export function queryText(page: Page, query: PanelQuery, text: string): string {
  const variables = page.variables(query.dashboard.uid);
  const builtIn = builtInVariables(timingOf(page, query));
  return interpolate(text, query.dataSource, variables, builtIn);
}

/** The text of a query that its data source gets as it stands, variables and all. */
export const rawText = ({ target }: PanelQuery): string => target.expr ?? target.query ?? "";

function rangeOf(page: Page, query: PanelQuery): Range {
  const end = page.end ?? Date.now() / 1000;
  return { start: end - query.range, end, step: stepOf(timingOf(page, query)) };
}

const isTraceId = (text: string) => /^[\da-f]{16,32}$/i.test(text.trim());
/** TraceQL with a function of metrics at its end of the pipe. */
const isMetrics = (text: string) =>
  /\|\s*(rate|count_over_time|(min|max|avg|sum|quantile|histogram)_over_time|compare)\s*\(/.test(
    text,
  );

async function askTempo(page: Page, query: PanelQuery, range: Range): Promise<Answer> {
  const { target } = query;
  const { stack } = page;
  if (target.queryType === "serviceMap") {
    const selectors = [target.serviceMapQuery ?? ""].flat();
    const replaced = selectors.map((text) => queryText(page, query, text));
    return serviceGraph(stack, replaced, range);
  }
  const text = queryText(page, query, target.query ?? "");
  if (isTraceId(text)) {
    const spans = await spansInTempo(stack, text);
    const trace = { traceId: text, rootService: "", rootName: `${spans.length} spans` };
    return { series: [], lines: [], traces: [trace] };
  }
  if (target.queryType !== "traceql") {
    throw new Error(`${query.name}: no query type "${target.queryType}" is known here`);
  }
  return isMetrics(text)
    ? tempoMetrics(stack, text, range)
    : tempoSearch(stack, text, range, target.limit);
}

/** What a panel's query is answered with by the real server. @throws if that calls it an error. */
export async function askPanel(page: Page, query: PanelQuery): Promise<Answer> {
  const { target, dataSource } = query;
  const range = rangeOf(page, query);
  const { stack } = page;
  switch (dataSource) {
    case "prometheus": {
      const text = queryText(page, query, target.expr ?? "");
      return target.instant && !target.range
        ? promInstant(stack, text, range.end)
        : promRange(stack, text, range);
    }
    case "loki": {
      const text = queryText(page, query, target.expr ?? "");
      return target.queryType === "instant"
        ? lokiInstant(stack, text, range.end)
        : lokiRange(stack, text, range, target.maxLines);
    }
    case "tempo":
      return askTempo(page, query, range);
    default:
      throw new Error(`${query.name}: data source "${dataSource}" is not known here`);
  }
}

/** The exemplars that a panel shows beside its query. */
export async function askExemplars(page: Page, query: PanelQuery): Promise<Exemplar[]> {
  const text = queryText(page, query, query.target.expr ?? "");
  return promExemplars(page.stack, text, rangeOf(page, query));
}

/** Whether a panel with this answer says "No data": a number that is none is no data either. */
export const isEmpty = ({ series, lines, traces }: Answer): boolean =>
  lines.length === 0 &&
  traces.length === 0 &&
  !series.some(({ values }) => values.some(([, value]) => !Number.isNaN(value)));
