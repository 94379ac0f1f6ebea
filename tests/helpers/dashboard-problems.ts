import type { StackDashboard } from "../../components/stack/dashboards";
import * as units from "@grafana/grafana-foundation-sdk/units";
import { panelsOf, type Dashboard, type Panel, type Target } from "./grafana-dashboard";

/** What Grafana gives a query by itself. */
const BUILT_IN = ["__rate_interval", "__range", "__auto", "__interval"];
/** What it gives a link besides. */
const OF_LINKS = ["__url_time_range", "__value", "__data", "__field"];
const REFERENCE = /\$(?:(\w+)|\{(\w+)[^}]*\})/g;

const UNITS: ReadonlySet<string> = new Set(Object.values(units));

interface Override {
  matcher: { options: unknown };
  properties: { id: string; value: unknown }[];
}
interface FullPanel extends Panel {
  id?: number;
  description?: string;
  fieldConfig?: { defaults: { unit?: string; links?: { url?: string }[] }; overrides: Override[] };
  gridPos?: { x: number; y: number; w: number; h: number };
  transformations?: { id: string; options: { include?: { names: string[] } } }[];
}

const named = (text: string) =>
  [...text.matchAll(REFERENCE)].map(([, plain, braced]) => plain ?? braced);

const twice = (values: readonly unknown[]) => [
  ...new Set(values.filter((value, index) => values.indexOf(value) !== index)),
];

const queryOf = ({ expr, query, serviceMapQuery }: Target) =>
  [expr, query, serviceMapQuery].flat().join("\n");

const valuesOf = ({ query }: { query?: unknown }) => JSON.stringify(query ?? "");

function problemsOfTarget(target: Target, sources: readonly string[]): string[] {
  const { datasource, refId, expr, query, queryType } = target;
  const asks = expr ?? (queryType === "serviceMap" ? "the map" : query);
  return [
    ...(sources.includes(datasource?.uid ?? "")
      ? []
      : [`${refId} asks "${datasource?.uid}", which is not provisioned`]),
    ...(datasource?.uid === datasource?.type ? [] : [`${refId} has a type that is not its uid`]),
    ...(asks ? [] : [`${refId} asks nothing`]),
    ...(datasource?.uid !== "tempo" || ["traceql", "serviceMap"].includes(queryType ?? "")
      ? []
      : [`${refId} is of the type "${queryType}"`]),
  ];
}

/** Fields of a table that no query of it has. */
function unknownFields({ targets = [], transformations = [] }: FullPanel): string[] {
  const names = transformations.flatMap(({ options }) => options.include?.names ?? []);
  const values = targets.length === 1 ? ["Value"] : targets.map(({ refId }) => `Value #${refId}`);
  return names.filter((name) => name.startsWith("Value") && !values.includes(name));
}

function problemsOfPanel(panel: FullPanel, sources: readonly string[]): string[] {
  const { targets = [], description, fieldConfig } = panel;
  const { unit } = fieldConfig?.defaults ?? {};
  const overridden = (fieldConfig?.overrides ?? []).flatMap(({ properties }) =>
    properties.filter(({ id }) => id === "unit").map(({ value }) => value),
  );
  return [
    ...(description?.endsWith(".") ? [] : ["no description"]),
    ...(unit === undefined ? ["no unit"] : []),
    ...[unit, ...overridden]
      .filter((value) => value !== undefined && !UNITS.has(value as string))
      .map((value) => `unknown unit "${String(value)}"`),
    ...(targets.length === 0 ? ["no query"] : []),
    ...twice(targets.map(({ refId }) => refId)).map((refId) => `two queries ${String(refId)}`),
    ...targets.flatMap((target) => problemsOfTarget(target, sources)),
    ...unknownFields(panel).map((field) => `no query gives "${field}"`),
  ];
}

/** Pairs of panels on the same place, and panels beyond the edge. */
function misplaced(panels: readonly FullPanel[]): string[] {
  const places = panels.map(({ title, gridPos: { x, y, w, h } = { x: 0, y: 0, w: 0, h: 0 } }) => ({
    title,
    x,
    y,
    right: x + w,
    bottom: y + h,
  }));
  const overlap = places.flatMap((a, index) =>
    places
      .slice(index + 1)
      .filter((b) => a.x < b.right && b.x < a.right && a.y < b.bottom && b.y < a.bottom)
      .map((b) => `"${a.title}" lies on "${b.title}"`),
  );
  const beyond = places.filter(({ x, right }) => x < 0 || right > 24 || right === x);
  return [...overlap, ...beyond.map(({ title }) => `"${title}" lies outside`)];
}

/** Addresses of other dashboards in a document, with the variables that they set there. */
function targetsOf(dashboard: Dashboard) {
  const text = JSON.stringify(dashboard);
  return [...text.matchAll(/"\/d\/([^"?]*)(?:\?([^"]*))?"/g)].map(([, uid, query = ""]) => ({
    uid,
    sets: [...query.matchAll(/var-(\w+)=/g)].map(([, name]) => name),
    refers: named(query),
  }));
}

const variableNames = ({ templating }: Dashboard) =>
  (templating?.list ?? []).map(({ name }) => name);

function problemsOfVariables(dashboard: Dashboard, panels: readonly FullPanel[]): string[] {
  const list = dashboard.templating?.list ?? [];
  const declared = list.map(({ name }) => name);
  const asked = [
    ...panels.flatMap(({ title, targets = [] }) => [title, ...targets.map(queryOf)]),
    ...list.map(valuesOf),
    ...dashboard.panels.map(({ title }) => title),
  ].flatMap(named);
  return [
    ...["service", "environment"]
      .filter((name) => !declared.includes(name))
      .map((name) => `no variable "${name}"`),
    ...twice(declared).map((name) => `two variables "${String(name)}"`),
    ...[...new Set(asked)]
      .filter((name) => !declared.includes(name) && !BUILT_IN.includes(name))
      .map((name) => `nobody declares $${name}`),
    ...declared.filter((name) => !asked.includes(name)).map((name) => `nobody asks for $${name}`),
  ];
}

function problemsOfLinks(dashboard: Dashboard, all: readonly Dashboard[]): string[] {
  const { links = [] } = dashboard as { links?: { url?: string }[] };
  const known = new Map(all.map((other) => [other.uid, variableNames(other)]));
  const own = variableNames(dashboard);
  const top = links.map(({ url = "" }) => /^\/d\/([^?]+)/.exec(url)?.[1]);
  return [
    ...all
      .filter(({ uid }) => uid !== dashboard.uid && !top.includes(uid))
      .map(({ uid }) => `no link to ${uid}`),
    ...targetsOf(dashboard).flatMap(({ uid, sets, refers }) => {
      const there = known.get(uid);
      if (there === undefined) return [`a link to "${uid}", which is not there`];
      return [
        ...sets
          .filter((name) => !there.includes(name))
          .map((name) => `a link sets $${name}, which ${uid} lacks`),
        ...refers
          .filter((name) => !own.includes(name) && !OF_LINKS.includes(name))
          .map((name) => `a link names $${name}, which is not there`),
      ];
    }),
  ];
}

/** What is wrong with the dashboards of a stack; `sources` are the uids that it provisions. */
export function problemsOf(
  dashboards: readonly StackDashboard[],
  sources: readonly string[],
): string[] {
  const documents = dashboards.map(({ document }) => document as unknown as Dashboard);
  return [
    ...twice(dashboards.map(({ uid }) => uid)).map((uid) => `two dashboards ${String(uid)}`),
    ...twice(dashboards.map(({ title }) => title)).map((title) => `two called ${String(title)}`),
    ...dashboards.flatMap(({ uid, title, description, file, document }) => {
      const dashboard = document as unknown as Dashboard;
      const panels = panelsOf(dashboard) as FullPanel[];
      const ids = [...dashboard.panels, ...panels].map((panel) => (panel as FullPanel).id);
      return [
        ...(/^tracekeep-[a-z-]{1,30}$/.test(uid) ? [] : ["a uid that Grafana does not take"]),
        ...(document.uid === uid && document.title === title && file === `${uid}.json`
          ? []
          : ["another uid, title or file inside"]),
        ...(/^[A-Z][^.?!]*\.$/.test(description) && document.description === description
          ? []
          : ["no description of one sentence"]),
        ...(ids.includes(undefined) ? ["a panel without a number"] : []),
        ...twice(dashboard.panels.map((panel) => (panel as FullPanel).id)).map(
          (id) => `two panels ${String(id)}`,
        ),
        ...twice(panels.map((panel) => panel.title)).map((name) => `two panels "${String(name)}"`),
        ...panels.flatMap((panel) =>
          problemsOfPanel(panel, sources).map((problem) => `"${panel.title}": ${problem}`),
        ),
        ...misplaced(dashboard.panels as FullPanel[]),
        ...problemsOfVariables(dashboard, panels),
        ...problemsOfLinks(dashboard, documents),
      ].map((problem) => `${title}: ${problem}`);
    }),
  ];
}
