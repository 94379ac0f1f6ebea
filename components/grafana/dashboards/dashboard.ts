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
}

/** What a room says of a dashboard. */
export interface DashboardParts {
  name: DashboardName;
  /** One sentence: the question that it answers. */
  description: string;
  variables: cog.Builder<sdk.VariableModel>[];
  rows: Row[];
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

/** Builds a dashboard with links to all the others. */
export function buildDashboard(
  config: StackConfig,
  { name, description, variables, rows }: DashboardParts,
): StackDashboard {
  const { uid, title } = DASHBOARDS[name];
  const builder = new sdk.DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(["tracekeep"])
    .tooltip(sdk.DashboardCursorSync.Crosshair)
    .time({ from: "now-1h", to: "now" })
    .refresh(goDuration(Math.max(30, config.tuning.prometheus.scrapeInterval)))
    .links(linksToOthers(config, name))
    .variables(variables);
  for (const { title: heading, panels } of rows) {
    builder.withRow(new sdk.RowBuilder(heading));
    for (const panel of panels) builder.withPanel(panel);
  }
  const dashboard = builder.build();
  // Links to a single panel hold its number.
  dashboard.panels?.forEach((panel, index) => (panel.id = index + 1));
  // The SDK's objects have methods; a document has none.
  const document = JSON.parse(JSON.stringify(dashboard)) as sdk.Dashboard;
  return { uid, title, description, file: `${uid}.json`, document };
}
