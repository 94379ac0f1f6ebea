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
import { secondsOf, type Dashboard, type PanelQuery } from "./grafana-dashboard";
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
  /** Those of a dashboard. */
  variables(dashboard: Dashboard): Promise<ChosenVariables>;
  /** Seconds that somebody chose to look back. Default: what the dashboard or panel says. */
  range?: number;
}

const rangeOf = (page: Page, { panel, range }: PanelQuery) =>
  panel.timeFrom === undefined ? (page.range ?? range) : range;

function timingOf(page: Page, query: PanelQuery): Timing {
  const { stack } = page;
  const { panel, target, dataSource } = query;
  const scrapeInterval = stack.config.tuning.prometheus.scrapeInterval;
  const stated = [target.interval, panel.interval].find((text) => text && !text.includes("$"));
  return {
    range: rangeOf(page, query),
    points: panel.maxDataPoints ?? Math.round((WIDE * (panel.gridPos?.w ?? COLUMNS)) / COLUMNS),
    minimum: stated ? secondsOf(stated) : dataSource === "prometheus" ? scrapeInterval : 1,
    scrapeInterval,
  };
}

/** A panel's query as its data source gets it. */
export async function queryText(page: Page, query: PanelQuery, text: string): Promise<string> {
  const variables = await page.variables(query.dashboard);
  const builtIn = builtInVariables(timingOf(page, query));
  return interpolate(text, query.dataSource, variables, builtIn);
}

function timesOf(page: Page, query: PanelQuery): Range {
  const end = Date.now() / 1000;
  return { start: end - rangeOf(page, query), end, step: stepOf(timingOf(page, query)) };
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
    const replaced = await Promise.all(selectors.map((text) => queryText(page, query, text)));
    return serviceGraph(stack, replaced, range);
  }
  const text = await queryText(page, query, target.query ?? "");
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
  const range = timesOf(page, query);
  const { stack } = page;
  switch (dataSource) {
    case "prometheus": {
      const text = await queryText(page, query, target.expr ?? "");
      return target.instant && !target.range
        ? promInstant(stack, text, range.end)
        : promRange(stack, text, range);
    }
    case "loki": {
      const text = await queryText(page, query, target.expr ?? "");
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
  const text = await queryText(page, query, query.target.expr ?? "");
  return promExemplars(page.stack, text, timesOf(page, query));
}

/** Whether a panel with this answer says "No data": a number that is none is no data either. */
export const isEmpty = ({ series, lines, traces }: Answer): boolean =>
  lines.length === 0 &&
  traces.length === 0 &&
  !series.some(({ values }) => values.some(([, value]) => !Number.isNaN(value)));
