import { SPAN_METRICS } from "../../components/prometheus/metric-names";
import { panelsOf, type PanelQuery } from "../helpers/grafana-dashboard";
import {
  askedMetrics,
  askedSelectors,
  findsSeries,
  metricsInPrometheus,
  ruleExpressions,
  withAnyValues,
  type AskedSelector,
  type Expression,
} from "../helpers/metric-names-in-use";
import { askExemplars, askPanel, isEmpty, queryText, type Page } from "../helpers/panel-queries";
import { selectorsOf } from "../helpers/promql";
import { eventually } from "../helpers/ports";
import { describeWith } from "../helpers/skip";
import { ask } from "../helpers/data-source-api";
import { EMPTY_PANELS, METRICS_LATER, SELECTORS_LATER } from "./empty-panels";
import { correlates } from "./panel-correlation";
import { agrees } from "./panel-values";
import { config, dashboards, queries, queryNamed, startWorld, type World } from "./panel-world";

const TITLE = "Every panel in front of the real servers";
/** Panels that ask no data source themselves. */
const WITHOUT_QUERY = ["alertlist", "text", "dashlist"];
/** Milliseconds: what others look at, such as the time of answers, has data a scrape later. */
const PATIENCE = 10_000;
const excused = EMPTY_PANELS.map(({ query }) => query);

describe("The list of panels that may be empty", () => {
  const panels = dashboards.flatMap(panelsOf);

  test("holds at most one panel in twenty, and only panels that there are", () => {
    const names = queries.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(excused.filter((name) => !names.includes(name))).toEqual([]);
    const empty = queries.filter(({ name }) => excused.includes(name));
    expect(new Set(empty.map(({ panel }) => panel)).size).toBeLessThanOrEqual(panels.length / 20);
  });

  test("is needed by no panel that asks nothing at all", () => {
    const silent = panels.filter(
      ({ type, targets = [] }) => targets.length === 0 && !WITHOUT_QUERY.includes(type),
    );
    expect(silent.map(({ title }) => title)).toEqual([]);
  });
});

// Without the server the stack has no such dashboard, and this line says so.
describeWith(["qdrant"], "The panels of vectors", () => {
  test("are among those that are asked", () => {
    expect(queries.map(({ dashboard }) => dashboard.title)).toContain("Vector search");
  });
});

/** A panel's query with a mistake in it. */
function changed(name: string, right: string, wrong: string): PanelQuery {
  const query = queryNamed(name);
  const expr = query.target.expr?.replaceAll(right, wrong);
  expect(expr).not.toBe(query.target.expr);
  return { ...query, target: { ...query.target, expr } };
}

describeWith(["tempo", "collector", "prometheus", "loki", "jaeger", "alertmanager"], TITLE, () => {
  let world: World;
  let page: Page;
  const the = () => world;
  beforeAll(async () => {
    world = await startWorld();
    page = world.open();
  }, 180_000);
  afterAll(() => world?.stop(), 60_000);

  describe("has data", () => {
    test.each(queries.map((query) => [query.name, query] as const))(
      "%s",
      async (name, query) => {
        const { target } = query;
        const text = await queryText(page, query, target.expr ?? target.query ?? "");
        const outcome = async () => ({
          query: text,
          answer: isEmpty(await askPanel(page, query)) ? "empty" : "data",
        });
        if (excused.includes(name)) {
          // One that has data must leave the list.
          expect(await outcome()).toEqual({ query: text, answer: "empty" });
          return;
        }
        await eventually(
          async () => expect(await outcome()).toEqual({ query: text, answer: "data" }),
          { timeout: PATIENCE, interval: 1000 },
        );
      },
      40_000,
    );

    test.each(
      queries
        .filter(({ target }) => target.exemplar === true)
        .map((query) => [query.name, query] as const),
    )("%s, exemplars", async (_, query) => {
      expect(await askExemplars(page, query)).not.toEqual([]);
    });

    test("in the lists of alerts that fire", async () => {
      const { data } = await ask<{ data: { alerts: { state: string }[] } }>(
        world.stack,
        "prometheus",
        "/api/v1/alerts",
      );
      expect(data.alerts.filter(({ state }) => state === "firing")).not.toEqual([]);
    });
  });

  describe("finds what it asks for:", () => {
    const expressions = async (): Promise<Expression[]> => {
      const ofPanels = queries
        .filter(({ dataSource }) => dataSource === "prometheus")
        .map(async (query) => ({
          where: query.name,
          promql: await queryText(page, query, query.target.expr ?? ""),
        }));
      return [...(await Promise.all(ofPanels)), ...ruleExpressions(config)];
    };

    test("every metric of panels and rules is there, or is said to come later", async () => {
      const present = await metricsInPrometheus(world.stack);
      const asked = askedMetrics(await expressions());
      const missing = asked.filter(({ metric }) => !present.has(metric));
      expect(
        missing
          .filter(({ metric }) => !(metric in METRICS_LATER))
          .map(({ metric, where }) => `${metric} in ${where.join("; ")}`),
      ).toEqual([]);
      const unneeded = Object.keys(METRICS_LATER).filter(
        (later) => !missing.some(({ metric }) => metric === later),
      );
      expect(unneeded).toEqual([]);
    }, 30_000);

    // What finds nothing may hide behind an "or": a label that is misspelt shows as 0.
    test("every selector of panels and rules has series, or is said to come later", async () => {
      const used: string[] = [];
      const missing: AskedSelector[] = [];
      for (const asked of askedSelectors(await expressions())) {
        const { metric = "", text } = asked;
        if (metric in METRICS_LATER || (await findsSeries(world.stack, text))) continue;
        const later = SELECTORS_LATER.some(({ pattern }) => pattern.test(text));
        // Later it is other values of labels that there are.
        if (later && (await findsSeries(world.stack, withAnyValues(asked)))) used.push(text);
        else missing.push(asked);
      }
      expect(missing.map(({ text, where }) => `${text} in ${where.join("; ")}`)).toEqual([]);
      const unneeded = SELECTORS_LATER.filter(
        ({ pattern }) => !used.some((text) => pattern.test(text)),
      );
      expect(unneeded).toEqual([]);
    }, 60_000);

    test("a metric that is misspelt empties its panel", async () => {
      const query = changed("Services › Requests by service › A", SPAN_METRICS.calls, "call_total");
      expect(isEmpty(await askPanel(page, query))).toBe(true);
      const promql = await queryText(page, query, query.target.expr ?? "");
      expect(askedMetrics([{ where: query.name, promql }])).toEqual([
        { metric: "call_total", where: [query.name] },
      ]);
      expect(await metricsInPrometheus(world.stack)).not.toContain("call_total");
    });

    test("a label that is misspelt is found behind an or", async () => {
      const query = changed("Start here › Lost on the way › A", "processor=", "procesor=");
      expect(isEmpty(await askPanel(page, query))).toBe(false);
      const promql = await queryText(page, query, query.target.expr ?? "");
      const selectors = selectorsOf(promql).filter(({ text }) => text.includes("procesor"));
      expect(selectors).toHaveLength(1);
      expect(await findsSeries(world.stack, selectors[0].text)).toBe(false);
      expect(await findsSeries(world.stack, withAnyValues(selectors[0]))).toBe(false);
    });
  });

  describe("leads from one signal to another:", () => correlates(the));
  // Last: it ends the traffic to count it.
  describe("agrees with what was sent:", () => agrees(the));
});
