import type * as cog from "@grafana/grafana-foundation-sdk/cog";
import * as sdk from "@grafana/grafana-foundation-sdk/dashboard";
import type { StackConfig } from "../../../config/parse";
import { goDuration } from "../../../config/units";
import { DASHBOARDS, type DashboardName } from "./catalogue";
import { linksToOthers } from "./links";
import type { PanelBuilder } from "./panels";

/** Panels under a heading. */
export interface Row {
  title: string;
  panels: PanelBuilder[];
  /** Whether it is closed at first, for what few look at. Default: no. */
  collapsed?: boolean;
}

/** What a room says of a dashboard. */
export interface DashboardParts {
  name: DashboardName;
  /** One sentence: the question that it answers. */
  description: string;
  variables: cog.Builder<sdk.VariableModel>[];
  rows: Row[];
  /** Time range at first. Default: the last hour. */
  from?: string;
}

/** A dashboard as the stack provisions it. */
export interface StackDashboard {
  uid: string;
  title: string;
  description: string;
  /** Name of its file. */
  file: string;
  /** The dashboard in Grafana's JSON (classic schema): plain data. */
  document: sdk.Dashboard;
}

/** Gives every panel a number: links to a single panel hold it. */
function number(dashboard: sdk.Dashboard): void {
  let id = 0;
  for (const panel of dashboard.panels ?? []) {
    panel.id = ++id;
    if ("panels" in panel) for (const inner of panel.panels) inner.id = ++id;
  }
}

/** Builds a dashboard with links to all the others. */
export function buildDashboard(
  config: StackConfig,
  { name, description, variables, rows, from = "now-1h" }: DashboardParts,
): StackDashboard {
  const { uid, title } = DASHBOARDS[name];
  const builder = new sdk.DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(["tracekeep"])
    .readonly()
    .tooltip(sdk.DashboardCursorSync.Crosshair)
    .time({ from, to: "now" })
    .refresh(goDuration(Math.max(30, config.tuning.prometheus.scrapeInterval)))
    .links(linksToOthers(config, name))
    .variables(variables);
  for (const { title: heading, panels, collapsed = false } of rows) {
    const row = new sdk.RowBuilder(heading).collapsed(collapsed);
    // A closed row holds its panels; those of an open one follow it.
    if (collapsed) panels.forEach((panel) => row.withPanel(panel));
    builder.withRow(row);
    if (!collapsed) panels.forEach((panel) => builder.withPanel(panel));
  }
  const dashboard = builder.build();
  number(dashboard);
  // The SDK's objects have methods; a document has none.
  const document = JSON.parse(JSON.stringify(dashboard)) as sdk.Dashboard;
  return { uid, title, description, file: `${uid}.json`, document };
}
