import * as sdk from "@grafana/grafana-foundation-sdk/dashboard";
import type { StackConfig } from "../../../config/parse";
import { DASHBOARDS, shownDashboards, type DashboardName } from "./catalogue";

const link = (title: string, url: string) =>
  new sdk.DashboardLinkBuilder(title).type(sdk.DashboardLinkType.Link).icon("dashboard").url(url);

/**
 * Links at the top of a dashboard to all the others. The time range goes along, and so do the
 * variables: all of them between dashboards of the same kind of services, else the environment.
 */
export function linksToOthers(config: StackConfig, from: DashboardName) {
  const { about } = DASHBOARDS[from];
  return shownDashboards(config)
    .filter((name) => name !== from)
    .map((name) => {
      const { uid, title, about: other } = DASHBOARDS[name];
      const same = about === other;
      const to = link(title, same ? `/d/${uid}` : `/d/${uid}?\${environment:queryparam}`);
      return to.keepTime(true).includeVars(same);
    });
}

/**
 * A link of a value to another dashboard, with the time range and the environment.
 *
 * @param variables values of variables there, as Grafana's link templates write them.
 */
export function dataLink(
  to: DashboardName,
  title: string,
  variables: Readonly<Record<string, string>>,
): sdk.DashboardLinkBuilder {
  const values = Object.entries(variables).map(([name, value]) => `var-${name}=${value}`);
  const query = ["${__url_time_range}", "${environment:queryparam}", ...values].join("&");
  return link(title, `/d/${DASHBOARDS[to].uid}?${query}`);
}

/** Values of a row's field and of a series' label in a data link, encoded for an address. */
export const ofField = (field: string) => `\${__data.fields.${field}:percentencode}`;
export const ofLabel = (label: string) => `\${__field.labels.${label}:percentencode}`;
