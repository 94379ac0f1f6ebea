import * as bargauge from "@grafana/grafana-foundation-sdk/bargauge";
import type * as cog from "@grafana/grafana-foundation-sdk/cog";
import * as common from "@grafana/grafana-foundation-sdk/common";
import * as sdk from "@grafana/grafana-foundation-sdk/dashboard";
import * as heatmaps from "@grafana/grafana-foundation-sdk/heatmap";
import * as logs from "@grafana/grafana-foundation-sdk/logs";
import * as nodegraph from "@grafana/grafana-foundation-sdk/nodegraph";
import * as stats from "@grafana/grafana-foundation-sdk/stat";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import * as units from "@grafana/grafana-foundation-sdk/units";
import { plain } from "./fields";
import type { Query } from "./queries";

/** A panel that a dashboard places. */
export type PanelBuilder = cog.Builder<sdk.Panel>;

/** What no panel is without. */
export interface PanelOptions {
  title: string;
  /** What it shows and how to read it; behind the panel's "i". */
  description: string;
  /** Unit of its numbers, one of the SDK's `units`. */
  unit: string;
  queries: readonly Query[];
  /** Columns, of 24. */
  width: number;
  /** Rows of the grid. */
  height?: number;
}

/** What the SDK's builders of panels have in common. */
interface AnyPanelBuilder extends PanelBuilder {
  title(title: string): this;
  description(description: string): this;
  unit?(unit: string): this;
  height(rows: number): this;
  span(columns: number): this;
  datasource(reference: common.DataSourceRef): this;
  withTarget(query: cog.Builder<cog.Dataquery>): this;
}

/** A builder with what no panel is without. All queries of a panel have one data source. */
export function filled<B extends AnyPanelBuilder>(panel: B, options: PanelOptions): B {
  const { title, description, unit, queries, width, height = 8 } = options;
  panel.title(title).description(description).span(width).height(height);
  panel.unit?.(unit);
  queries.forEach((query, index) => {
    panel.withTarget(query.refId("ABCDEFGH"[index]));
  });
  const { datasource } = queries[0].build();
  return datasource === undefined ? panel : panel.datasource(datasource);
}

export interface NumberOptions extends PanelOptions {
  /** Default: the numbers are neither good nor bad. */
  thresholds?: sdk.ThresholdsConfigBuilder;
  /** Links of each value. */
  links?: sdk.DashboardLinkBuilder[];
  max?: number;
  decimals?: number;
  mappings?: sdk.ValueMapping[];
  /** What stands there while there is no data, where none is a good answer. */
  noValue?: string;
}

interface AnyNumberBuilder extends AnyPanelBuilder {
  thresholds(thresholds: cog.Builder<sdk.ThresholdsConfig>): this;
  dataLinks(links: cog.Builder<sdk.DashboardLink>[]): this;
  min(min: number): this;
  max(max: number): this;
  decimals(decimals: number): this;
  mappings(mappings: sdk.ValueMapping[]): this;
  noValue(text: string): this;
}

function withNumbers<B extends AnyNumberBuilder>(panel: B, options: NumberOptions): B {
  const { thresholds, links, max, decimals, mappings, noValue } = options;
  filled(panel, options).thresholds(thresholds ?? plain());
  if (links !== undefined) panel.dataLinks(links);
  if (max !== undefined) panel.max(max);
  if (decimals !== undefined) panel.decimals(decimals);
  if (mappings !== undefined) panel.mappings(mappings);
  if (noValue !== undefined) panel.noValue(noValue);
  return panel;
}

export interface TimeSeriesOptions extends NumberOptions {
  /** Areas on top of each other: for parts of a whole. */
  stacked?: boolean;
  /** Whether values may be negative. Default: no. */
  signed?: boolean;
}

/** Numbers over time. A threshold is a dashed line. */
export function timeSeries(options: TimeSeriesOptions) {
  const { thresholds, stacked, signed } = options;
  const panel = withNumbers(new timeseries.PanelBuilder(), options)
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(common.LegendDisplayMode.Table)
        .placement(common.LegendPlacement.Bottom)
        .calcs(["mean", "max", "lastNotNull"])
        .sortBy("Max")
        .sortDesc(true),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder()
        .mode(common.TooltipDisplayMode.Multi)
        .sort(common.SortOrder.Descending),
    )
    .colorScheme(new sdk.FieldColorBuilder().mode(sdk.FieldColorModeId.PaletteClassic))
    .lineWidth(1)
    .fillOpacity(stacked ? 30 : 8)
    .showPoints(common.VisibilityMode.Never);
  if (!signed) panel.min(0);
  if (stacked) {
    panel.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group("A"));
  }
  if (thresholds !== undefined) {
    panel.thresholdsStyle(
      new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed),
    );
  }
  return panel;
}

const lastValue = () =>
  new common.ReduceDataOptionsBuilder().calcs(["lastNotNull"]).fields("").values(false);

/** A large number for each series, coloured by the thresholds. */
export function stat(options: NumberOptions) {
  return withNumbers(new stats.PanelBuilder(), { height: 4, ...options })
    .reduceOptions(lastValue())
    .colorMode(common.BigValueColorMode.Value)
    .graphMode(common.BigValueGraphMode.None)
    .textMode(common.BigValueTextMode.Auto);
}

/** A bar for each series, up to the largest or to `max`. */
export function bars(options: NumberOptions) {
  return withNumbers(new bargauge.PanelBuilder(), options)
    .reduceOptions(lastValue())
    .displayMode(common.BarGaugeDisplayMode.Basic)
    .orientation(common.VizOrientation.Horizontal)
    .min(0);
}

/**
 * Buckets over time.
 *
 * @param options `unit` is that of the buckets' bounds, `cellUnit` that of what is in them.
 */
export function heatmap(options: PanelOptions & { cellUnit: string }) {
  return filled(new heatmaps.PanelBuilder(), options)
    .yAxis(new heatmaps.YAxisConfigBuilder().unit(options.unit))
    .cellValues(new heatmaps.CellValuesBuilder().unit(options.cellUnit))
    .color(
      new heatmaps.HeatmapColorOptionsBuilder()
        .mode(heatmaps.HeatmapColorMode.Scheme)
        .scheme("Blues")
        .steps(32),
    )
    .tooltip(
      new heatmaps.HeatmapTooltipBuilder()
        .mode(common.TooltipDisplayMode.Single)
        .yHistogram(true)
        .showColorScale(true),
    );
}

/** Log lines with their details, the links to their traces among them. */
export function logLines(options: Omit<PanelOptions, "unit"> & { oldestFirst?: boolean }) {
  return filled(new logs.PanelBuilder(), { ...options, unit: units.String })
    .showTime(true)
    .wrapLogMessage(true)
    .enableLogDetails(true)
    .showCommonLabels(false)
    .sortOrder(
      options.oldestFirst ? common.LogsSortOrder.Ascending : common.LogsSortOrder.Descending,
    );
}

/** Services and the calls between them: requests per second, and milliseconds of each. */
export function graph(options: Omit<PanelOptions, "unit">) {
  return filled(new nodegraph.PanelBuilder(), { ...options, unit: units.RequestsPerSecond })
    .nodes(
      new nodegraph.NodeOptionsBuilder()
        .mainStatUnit(units.Milliseconds)
        .secondaryStatUnit(units.RequestsPerSecond),
    )
    .edges(
      new nodegraph.EdgeOptionsBuilder()
        .mainStatUnit(units.Milliseconds)
        .secondaryStatUnit(units.RequestsPerSecond),
    );
}

/** The spans of one trace along its time; the SDK has no builder of its own for it. */
export function traceView(options: Omit<PanelOptions, "unit">) {
  return filled(new sdk.PanelBuilder().type("traces"), { ...options, unit: units.Milliseconds });
}
