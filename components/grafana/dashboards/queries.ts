import * as loki from "@grafana/grafana-foundation-sdk/loki";
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import * as tempo from "@grafana/grafana-foundation-sdk/tempo";

/** Windows, as Grafana's variables: of a rate in a graph, and of a number over the time range. */
export const OVER_TIME = "$__rate_interval";
export const OVER_RANGE = "$__range";

/** A query of a panel. */
export type Query = prometheus.DataqueryBuilder | loki.DataqueryBuilder | tempo.DataqueryBuilder;

/** A data source as panels refer to it: the uids of `data-sources.ts` equal the types. */
export const source = (type: "prometheus" | "tempo" | "loki") => ({ type, uid: type });

interface PromOptions {
  /** Name of a series, with `{{label}}`. */
  legend?: string;
  /** Whether to ask for exemplars: dots that lead to a trace. */
  exemplar?: boolean;
}

/** PromQL over the dashboard's time range. */
export function promRange(expr: string, { legend, exemplar }: PromOptions = {}) {
  return new prometheus.DataqueryBuilder()
    .datasource(source("prometheus"))
    .editorMode(prometheus.QueryEditorMode.Code)
    .expr(expr)
    .range()
    .exemplar(exemplar ?? false)
    .legendFormat(legend ?? "__auto");
}

/** PromQL at the end of the time range, one number a series. */
export function promInstant(expr: string, legend?: string) {
  return new prometheus.DataqueryBuilder()
    .datasource(source("prometheus"))
    .editorMode(prometheus.QueryEditorMode.Code)
    .expr(expr)
    .instant()
    .legendFormat(legend ?? "__auto");
}

/** PromQL at the end of the time range as rows of a table, a column for each label. */
export const promTable = (expr: string) =>
  promInstant(expr).format(prometheus.PromQueryFormat.Table);

/** The buckets of a PromQL histogram as rows of a heat map. */
export const promHeatmap = (expr: string) =>
  promRange(expr, { legend: "{{le}}" }).format(prometheus.PromQueryFormat.Heatmap);

/** Log lines, or numbers over the time range. */
export function logRange(
  expr: string,
  { legend, lines }: { legend?: string; lines?: number } = {},
) {
  const query = new loki.DataqueryBuilder()
    .datasource(source("loki"))
    .editorMode(loki.QueryEditorMode.Code)
    .expr(expr)
    .queryType(loki.LokiQueryType.Range);
  if (legend !== undefined) query.legendFormat(legend);
  if (lines !== undefined) query.maxLines(lines);
  return query;
}

/** LogQL at the end of the time range, one number a series. */
export function logInstant(expr: string, legend = "") {
  return new loki.DataqueryBuilder()
    .datasource(source("loki"))
    .editorMode(loki.QueryEditorMode.Code)
    .expr(expr)
    .queryType(loki.LokiQueryType.Instant)
    .legendFormat(legend);
}

const traceQuery = (type: tempo.TempoQueryType, query: string) =>
  new tempo.DataqueryBuilder().datasource(source("tempo")).queryType(type).query(query).filters([]);

/** TraceQL whose answer is a table: of the newest 50 traces, or of their spans. */
export function traceTable(query: string, rows: "traces" | "spans") {
  return traceQuery(tempo.TempoQueryType.Traceql, query)
    .tableType(rows === "traces" ? tempo.SearchTableType.Traces : tempo.SearchTableType.Spans)
    .limit(50);
}

/** TraceQL metrics over the time range. */
export const traceMetrics = (query: string) =>
  traceQuery(tempo.TempoQueryType.Traceql, query).metricsQueryType(tempo.MetricsQueryType.Range);

/** One trace by its id. */
export const traceById = (id: string) => traceQuery(tempo.TempoQueryType.Traceql, id);

/**
 * The service graph, which Tempo's data source makes of Prometheus' series.
 *
 * @param selectors each of PromQL's braces; the graph is the union.
 */
export const serviceGraph = (...selectors: string[]) =>
  traceQuery(tempo.TempoQueryType.ServiceMap, "").serviceMapQuery(selectors);
