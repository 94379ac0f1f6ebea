import { gatewayRow } from "../components/gateway/pipeline-row";
import type { StackDashboard } from "../components/stack/dashboards";
import { stackDashboards } from "../components/stack/dashboards";
import { parseConfig } from "../config/parse";

const HEADER = `# Dashboards

Generated from the dashboards of \`components/*/\` by \`npm run docs\`; do not edit.

Grafana opens with *Start here*; all dashboards are in its folder *tracekeep* and link to each other,
with the time range, the environment and, where it makes sense, the service. What is changed there is
not saved but as a copy. There are no pictures: Grafana did not run where
these pages were made, so each panel stands in a table with what it asks. Every query is asked of the
real Prometheus, Loki and Tempo by \`tests/conformance/panels.test.ts\`, on a known mix of requests.

What leads where:

| from | to | how |
|---|---|---|
| a percentile of durations | a trace | the dots are exemplars: a click opens the trace |
| a trace | its logs, its metrics | links of each span |
| a log line | its trace | the link *Trace* in the line's details |
| the service map | rates and traces of a service | a click on a node or an arrow |
| a service or an operation in a table | its requests, callers, traces, logs | links of the cell |
| a trace in a table | the whole trace and its log lines, on the same page | links of the cell |

The first four open in Explore, for which Grafana asks for the role Editor; the last two need none.
While traces are sampled, exemplars are those of kept traces, on a line of their own, so that each
leads to a trace that is stored.

The panels below are those of a stack with its defaults and the logs of its containers. Thresholds
are those of the [alerts](alerts.md) and change with their options. A service that is switched off
has no panel. \`$name\` is a variable of the page; \`$__rate_interval\`, \`$__range\` and \`$__auto\` are
Grafana's: a few scrapes, the time range, and a step of the graph.
`;

interface Panel {
  type: string;
  title?: string;
  description?: string;
  panels?: Panel[];
  targets?: {
    datasource?: { uid?: string };
    expr?: string;
    query?: string;
    serviceMapQuery?: string | string[];
  }[];
}

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/** Code in a cell of a table, whatever quotes it holds. */
function code(text: string): string {
  const fence = text.includes("`") ? "``" : "`";
  const gap = fence.length > 1 ? " " : "";
  return `${fence}${gap}${cell(text)}${gap}${fence}`;
}

function row({ title = "", description = "", type, targets = [] }: Panel): string {
  const asks = targets.map(({ expr, query, serviceMapQuery }) =>
    code(expr ?? ([serviceMapQuery ?? query ?? ""].flat().join(" and ") || "{}")),
  );
  const source = targets[0]?.datasource?.uid ?? "";
  const kind = targets.some(({ serviceMapQuery }) => serviceMapQuery !== undefined)
    ? `${source}, service map`
    : source;
  return `| ${cell(title)} (${type}) | ${cell(description)} | ${kind} | ${asks.join("<br>")} |`;
}

const TABLE = "| panel | what it shows | data source | queries |\n|---|---|---|---|";

function rows(panels: readonly Panel[]): string[] {
  return panels.flatMap((panel) =>
    panel.type === "row"
      ? [`\n### ${panel.title}\n`, TABLE, ...rows(panel.panels ?? [])]
      : [row(panel)],
  );
}

function section({ uid, title, description, document }: StackDashboard): string[] {
  const variables = (document.templating.list ?? []).map(
    ({ name, description: what }) => `| \`$${name}\` | ${cell(what ?? "")} |`,
  );
  return [
    `\n## ${title}\n`,
    `${description} Address: \`/d/${uid}\`.\n`,
    "| variable | what it chooses |\n|---|---|",
    ...variables,
    ...rows((document.panels ?? []) as Panel[]),
  ];
}

/** The text of `docs/dashboards.md`. */
export function dashboardsReference(): string {
  const config = parseConfig(
    { containerLogs: { enabled: true } },
    { stack: "docs", environment: {} },
  );
  const gateway = [
    "\n## The gateway, in *The pipeline itself*\n",
    "Where the collector has two tiers (`replicas.collector` above 1) that dashboard has one more row,",
    "and its queues and their bytes are those of each replica.\n",
    TABLE,
    ...gatewayRow({ ...config, replicas: { ...config.replicas, collector: 2 } })
      .panels.map((panel) => panel.build() as Panel)
      .map(row),
  ];
  const dashboards = stackDashboards(config).flatMap(section);
  return `${[HEADER.trimEnd(), ...dashboards, ...gateway].join("\n")}\n`;
}
