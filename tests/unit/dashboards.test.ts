import { dataSources } from "../../components/grafana/data-sources";
import { RECORDED, SERVICE_GRAPH, SPAN_METRICS } from "../../components/prometheus/metric-names";
import { stackDashboards, type StackDashboard } from "../../components/stack/dashboards";
import { problemsOf } from "../helpers/dashboard-problems";
import { contextOf } from "../helpers/golden";
import { queriesOf, type Dashboard } from "../helpers/grafana-dashboard";
import { builtInVariables, interpolate } from "../helpers/grafana-variables";
import { metricNamesOf } from "../helpers/promql";
import { TWO_TIERS } from "../helpers/rules";

const build = (options: unknown = {}) => stackDashboards(contextOf("grafana", options).config);
const sources = (options: unknown = {}) =>
  dataSources(contextOf("grafana", options)).map(({ uid }) => uid);
const asDashboards = (built: readonly StackDashboard[]) =>
  built.map(({ document }) => document as unknown as Dashboard);
const queries = (options?: unknown) => asDashboards(build(options)).flatMap(queriesOf);

const OFF = { enabled: false };
const STACKS: [string, unknown][] = [
  ["with its defaults", {}],
  ["that samples", { sampling: { ratio: 0.1 } }],
  ["that keeps health checks", { sampling: { dropHealthChecks: false } }],
  ["without Qdrant", { qdrant: OFF }],
  ["without Jaeger", { jaeger: OFF }],
  ["without Alertmanager", { alertmanager: OFF }],
  ["with the logs of its containers", { containerLogs: { enabled: true } }],
  ["with nothing that can be off", { qdrant: OFF, jaeger: OFF, alertmanager: OFF }],
  ["with other thresholds", { alerts: { latency: "250ms", errorRate: 0.01, loss: 0.2 } }],
  ["whose collector has two tiers", TWO_TIERS],
  ["with applications", { apps: [{ name: "shop", image: "shop:1", scrape: { port: 9464 } }] }],
];

const TIMING = { range: 3600, points: 1500, minimum: 15, scrapeInterval: 15 };

/** PromQL of a stack's panels as Grafana sends it when a page opens. */
function promql(options?: unknown): { name: string; expr: string; exemplar: boolean }[] {
  return queries(options)
    .filter(({ dataSource }) => dataSource === "prometheus")
    .map(({ name, dashboard, target: { expr = "", exemplar = false } }) => {
      const variables = Object.fromEntries(
        (dashboard.templating?.list ?? []).map((variable) => [
          variable.name,
          {
            variable,
            value: variable.allValue ?? [variable.current?.value ?? "some"].flat()[0],
            verbatim: variable.allValue !== undefined,
          },
        ]),
      );
      const sent = interpolate(expr, "prometheus", variables, builtInVariables(TIMING));
      return { name, expr: sent, exemplar };
    });
}

describe.each(STACKS)("the dashboards of a stack %s", (_, options) => {
  test("are whole, linked to each other, and ask what there is", () => {
    expect(problemsOf(build(options), sources(options))).toEqual([]);
  });

  test("are the same however often they are built, and plain data", () => {
    const built = build(options);
    expect(build(options)).toEqual(built);
    expect(JSON.parse(JSON.stringify(built))).toEqual(built);
  });

  test("ask in PromQL, and for spans under the names of the one map", () => {
    const known: string[] = [SPAN_METRICS, SERVICE_GRAPH, RECORDED].flatMap((names) =>
      Object.values(names),
    );
    for (const { name, expr } of promql(options)) {
      const own = metricNamesOf(expr).filter((metric) => /^(traces_|tracekeep:)/.test(metric));
      expect([name, own.filter((metric) => !known.includes(metric))]).toEqual([name, []]);
    }
  });
});

test("there are eight, with Start here first", () => {
  expect(build().map(({ title }) => title)).toEqual([
    "Start here",
    "Services",
    "Service map and one service",
    "Trace search",
    "Logs",
    "The pipeline itself",
    "Vector search",
    "What tracing costs",
  ]);
});

describe("a service that is off", () => {
  const text = (options: unknown) => JSON.stringify(build(options));
  test.each([
    ["qdrant", /collection_points|rest_responses|tracekeep-vector-search/],
    ["jaeger", /jaeger/i],
    ["alertmanager", /alertmanager_/],
  ])("%s has no panel", (service, traces) => {
    expect(text({})).toMatch(traces);
    expect(text({ [service]: OFF })).not.toMatch(traces);
    // The others stay.
    expect(build({ [service]: OFF }).length).toBeGreaterThanOrEqual(7);
  });

  test("log-agent has no panel", () => {
    expect(text({ containerLogs: { enabled: true } })).toMatch(/log-agent/);
    expect(text({})).not.toMatch(/log-agent/);
  });
});

describe("exemplars", () => {
  const buckets = (options: unknown) =>
    promql(options)
      .filter(({ exemplar }) => exemplar)
      .flatMap(({ expr }) => metricNamesOf(expr));

  test("are those of all spans where all are stored", () => {
    const all = buckets({ sampling: { dropHealthChecks: false } });
    expect(new Set(all)).toEqual(new Set([SPAN_METRICS.durationBucket]));
  });

  test.each([
    ["traces are sampled", { sampling: { ratio: 0.1 } }],
    ["health checks are dropped", {}],
  ])("are those of stored traces where %s", (_, options) => {
    expect(new Set(buckets(options))).toEqual(new Set([SPAN_METRICS.exemplarsBucket]));
  });
});

test("thresholds are those of the alerts", () => {
  const steps = (options: unknown, panel: string) => {
    const all = asDashboards(build(options)).flatMap(({ panels }) => panels) as unknown as {
      title: string;
      fieldConfig?: { defaults: { thresholds?: { steps: { value: number | null }[] } } };
    }[];
    const { thresholds } = all.find(({ title }) => title === panel)?.fieldConfig?.defaults ?? {};
    return thresholds?.steps.map(({ value }) => value);
  };
  const alerts = {
    latency: "3s",
    errorRate: 0.02,
    loss: 0.25,
    queue: 0.6,
    memory: 0.7,
    disk: { warning: 0.5, critical: 0.75 },
    applications: { tracingCpu: 7 },
  };
  expect(steps({ alerts }, "p95 by service")).toEqual([null, 3]);
  expect(steps({ alerts }, "Failed share by service")).toEqual([null, 0.02]);
  expect(steps({ alerts }, "Missing on the way")).toEqual([null, 0.25]);
  expect(steps({ alerts }, "Queues")).toEqual([null, 0.6]);
  expect(steps({ alerts }, "Memory against its limit")?.at(-1)).toBe(0.7);
  expect(steps({ alerts }, "Disk left")).toEqual([null, 0.25, 0.5]);
  expect(steps({ alerts }, "CPU that tracing takes in applications")).toEqual([null, 7]);
});

describe("what is wrong with a dashboard is found", () => {
  interface Loose {
    uid?: string;
    id?: number;
    name?: string;
    title?: string;
    description?: string;
    url?: string;
    expr?: string;
    datasource?: { type: string; uid: string };
    panels: Loose[];
    targets: Loose[];
    links: Loose[];
    templating: { list: Loose[] };
    fieldConfig: { defaults: { unit?: string } };
    gridPos: { x: number };
  }
  /** Each breaks the dashboard Services, whose first panel is in the second place. */
  const MUTANTS: [string, (document: Loose, dashboards: StackDashboard[]) => void, RegExp][] = [
    [
      "a uid twice",
      (_, all) => void (all[2].uid = all[1].uid),
      /two dashboards tracekeep-services/,
    ],
    ["a title twice", (_, all) => void (all[2].title = all[1].title), /two called Services/],
    [
      "a uid with a dot",
      (_, all) => void (all[1].uid = "tracekeep.services"),
      /a uid that Grafana/,
    ],
    ["another uid inside", (d) => void (d.uid = "x"), /another uid, title or file/],
    ["two sentences", (_, all) => void (all[1].description = "One. Two."), /one sentence/],
    ["a panel's number twice", (d) => void (d.panels[2].id = d.panels[1].id), /two panels \d/],
    ["no number", (d) => void delete d.panels[1].id, /without a number/],
    [
      "a title of a panel twice",
      (d) => void (d.panels[2].title = d.panels[1].title),
      /two panels "Requests"/,
    ],
    ["no description", (d) => void (d.panels[1].description = ""), /"Requests": no description/],
    ["no unit", (d) => void delete d.panels[1].fieldConfig.defaults.unit, /"Requests": no unit/],
    [
      "a unit of nobody's",
      (d) => void (d.panels[1].fieldConfig.defaults.unit = "spans"),
      /unknown unit "spans"/,
    ],
    ["no query", (d) => void (d.panels[1].targets = []), /"Requests": no query/],
    ["an empty query", (d) => void (d.panels[1].targets[0].expr = ""), /A asks nothing/],
    [
      "a data source of nobody's",
      (d) => void (d.panels[1].targets[0].datasource = { type: "mimir", uid: "mimir" }),
      /asks "mimir"/,
    ],
    [
      "a panel upon another",
      (d) => void (d.panels[2].gridPos.x = 0),
      /"Failed" lies on|lies on "Failed"/,
    ],
    ["a panel beyond the edge", (d) => void (d.panels[4].gridPos.x = 23), /lies outside/],
    [
      "an undeclared variable",
      (d) => void (d.panels[1].targets[0].expr = 'up{job="$nobody"}'),
      /nobody declares \$nobody/,
    ],
    [
      "an unused variable",
      (d) => void d.templating.list.push({ ...d.templating.list[0], name: "idle" }),
      /nobody asks for \$idle/,
    ],
    ["no environment", (d) => void d.templating.list.shift(), /no variable "environment"/],
    ["a link less", (d) => void d.links.pop(), /no link to tracekeep-tracing-costs/],
    [
      "a link into the void",
      (d) => void (d.links[0].url = "/d/tracekeep-nowhere"),
      /link to "tracekeep-nowhere"/,
    ],
    [
      "a link that sets what is not there",
      (d) => void (d.links[0].url = "/d/tracekeep-logs?var-operation=x"),
      /sets \$operation, which tracekeep-logs lacks/,
    ],
    [
      "a link of a variable that is not there",
      (d) => void (d.links[0].url = "/d/tracekeep-logs?${absent:queryparam}"),
      /names \$absent/,
    ],
  ];

  test.each(MUTANTS)("%s", (_, breakIt, message) => {
    const dashboards = structuredClone(build());
    expect(dashboards[1].title).toBe("Services");
    breakIt(dashboards[1].document as unknown as Loose, dashboards);
    expect(problemsOf(dashboards, sources()).join("\n")).toMatch(message);
  });

  test("a column of a query that is not there", () => {
    const dashboards = structuredClone(build());
    const { panels } = dashboards[1].document as unknown as {
      panels: { title: string; targets: unknown[] }[];
    };
    panels.find(({ title }) => title === "All operations")?.targets.pop();
    expect(problemsOf(dashboards, sources())).toEqual([
      'Services: "All operations": no query gives "Value #E"',
    ]);
  });
});
