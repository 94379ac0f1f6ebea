import * as common from "@grafana/grafana-foundation-sdk/common";
import type * as sdk from "@grafana/grafana-foundation-sdk/dashboard";
import * as tables from "@grafana/grafana-foundation-sdk/table";
import { filled, type PanelOptions } from "./panels";

export interface Column {
  /** Name of the field in the answer: a label, `Value`, or `Value #A` if there are several queries. */
  field: string;
  title: string;
  /** Unit of a number. Default: a text. */
  unit?: string;
  thresholds?: sdk.ThresholdsConfigBuilder;
  links?: sdk.DashboardLinkBuilder[];
  /** Pixels. Default: as much as there is. */
  columnWidth?: number;
}

export interface TableOptions extends PanelOptions {
  columns: readonly Column[];
  /** Title of the column that rows are sorted by, largest first. */
  sortBy?: string;
  /** What stands there while there is no row, where none is a good answer. */
  noValue?: string;
}

function properties({ unit, thresholds, links, columnWidth }: Column) {
  const list: sdk.DynamicConfigValue[] = [{ id: "unit", value: unit ?? "string" }];
  if (thresholds !== undefined) {
    list.push({ id: "thresholds", value: thresholds.build() });
    list.push({ id: "custom.cellOptions", value: { type: "color-text" } });
  }
  if (links !== undefined) {
    list.push({ id: "links", value: links.map((link) => link.build()) });
  }
  if (columnWidth !== undefined) list.push({ id: "custom.width", value: columnWidth });
  return list;
}

/**
 * A row for each series of instant queries that were asked as tables. Series of several queries
 * with the same labels are one row, with a number of each.
 */
export function table(options: TableOptions) {
  const { columns, queries, sortBy, noValue } = options;
  const panel = filled(new tables.PanelBuilder(), options).cellHeight(common.TableCellHeight.Sm);
  if (queries.length > 1) panel.withTransformation({ id: "merge", options: {} });
  panel
    .withTransformation({
      id: "filterFieldsByName",
      options: { include: { names: columns.map(({ field }) => field) } },
    })
    .withTransformation({
      id: "organize",
      options: {
        indexByName: Object.fromEntries(columns.map(({ field }, index) => [field, index])),
        renameByName: Object.fromEntries(columns.map(({ field, title }) => [field, title])),
      },
    });
  for (const column of columns) panel.overrideByName(column.title, properties(column));
  return finished(panel, sortBy, noValue);
}

/**
 * Traces or spans as Tempo's data source lists them. Its own link of each opens Explore, which
 * people with the role Viewer lack; `columns` add to it.
 */
export function traceList(options: Omit<TableOptions, "columns"> & { columns: Column[] }) {
  const panel = filled(new tables.PanelBuilder(), options).cellHeight(common.TableCellHeight.Sm);
  for (const column of options.columns) {
    panel.overrideByName(column.field, [
      { id: "displayName", value: column.title },
      ...properties(column),
    ]);
  }
  return finished(panel, options.sortBy, options.noValue);
}

function finished(panel: tables.PanelBuilder, sortBy?: string, noValue?: string) {
  if (sortBy !== undefined) {
    panel.sortBy([new common.TableSortByFieldStateBuilder().displayName(sortBy).desc(true)]);
  }
  return noValue === undefined ? panel : panel.noValue(noValue);
}
