/** The parts of Grafana's dashboard document that say what a panel asks. */

export interface DataSourceRef {
  type?: string;
  uid?: string;
}

export interface Target {
  refId: string;
  datasource?: DataSourceRef;
  hide?: boolean;
  /** PromQL or LogQL. */
  expr?: string;
  /** TraceQL. */
  query?: string;
  queryType?: string;
  serviceMapQuery?: string | string[];
  instant?: boolean;
  range?: boolean;
  exemplar?: boolean;
  interval?: string;
  step?: string;
  limit?: number;
  maxLines?: number;
  spss?: number;
  tableType?: string;
}

export interface Panel {
  title: string;
  type: string;
  datasource?: DataSourceRef;
  targets?: Target[];
  /** Those of a row that is folded. */
  panels?: Panel[];
  interval?: string;
  maxDataPoints?: number;
  timeFrom?: string;
  repeat?: string;
  gridPos?: { w: number };
}

export interface Variable {
  name: string;
  type: string;
  /** Prometheus' `label_values(…)` in `query`, Loki's label and stream apart. */
  query?: string | { query?: string; label?: string; stream?: string };
  datasource?: DataSourceRef;
  regex?: string;
  multi?: boolean;
  includeAll?: boolean;
  allValue?: string;
  current?: { value?: string | string[] };
  options?: { value: string | string[] }[];
}

export interface Dashboard {
  uid: string;
  title: string;
  panels: Panel[];
  time?: { from: string; to: string };
  templating?: { list: Variable[] };
}

/** One query of a panel. */
export interface PanelQuery {
  dashboard: Dashboard;
  panel: Panel;
  target: Target;
  dataSource: string;
  /** `dashboard › panel › ref`. */
  name: string;
  /** Seconds that the panel looks back. */
  range: number;
}

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds of a duration such as `15s` or of a time such as `now-1h`. */
export function secondsOf(text: string): number {
  const [, count, unit] = /^(?:now-)?(\d+)([smhdw])$/.exec(text) ?? [];
  if (unit === undefined) throw new Error(`"${text}" is no duration`);
  return Number(count) * SECONDS[unit];
}

/** All panels but rows, those of rows included. */
export function panelsOf({ panels }: Pick<Dashboard, "panels">): Panel[] {
  return panels.flatMap((panel) =>
    panel.type === "row" ? panelsOf({ panels: panel.panels ?? [] }) : [panel],
  );
}

/** The queries of a dashboard's panels that are not hidden, in the order of the page. */
export function queriesOf(dashboard: Dashboard): PanelQuery[] {
  return panelsOf(dashboard).flatMap((panel) =>
    (panel.targets ?? [])
      .filter(({ hide }) => hide !== true)
      .map((target) => {
        const name = `${dashboard.title} › ${panel.title} › ${target.refId}`;
        const dataSource = target.datasource?.uid ?? panel.datasource?.uid;
        if (dataSource === undefined) throw new Error(`${name} names no data source`);
        const range = secondsOf(panel.timeFrom ?? dashboard.time?.from ?? "now-6h");
        return { dashboard, panel, target, dataSource, name, range };
      }),
  );
}
