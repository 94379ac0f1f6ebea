import { queriesOf, secondsOf, type Dashboard } from "../helpers/grafana-dashboard";
import { builtInVariables, interpolate, stepOf } from "../helpers/grafana-variables";
import { isEmpty } from "../helpers/panel-queries";
import { metricNamesOf, selectorsOf } from "../helpers/promql";

const many = { variable: { multi: true, includeAll: true }, value: ["a.b", "c"] };
const variables = {
  service: many,
  one: { ...many, value: ["a.b"] },
  all: { ...many, value: ".*", verbatim: true },
  typed: { variable: {}, value: "x|y" },
};

describe("variables of a query", () => {
  test.each([
    ["prometheus", 'up{job=~"$service"}', 'up{job=~"(a\\\\.b|c)"}'],
    ["prometheus", 'up{job=~"$one"}', 'up{job=~"a\\\\.b"}'],
    ["prometheus", 'up{job=~"$all"}', 'up{job=~".*"}'],
    ["prometheus", "rate(x[$__rate_interval])", "rate(x[60s])"],
    ["prometheus", 'up{job=~"${service:raw}"}', 'up{job=~"a.b,c"}'],
    ["loki", '{s=~"$service"}', '{s=~"a\\\\.b|c"}'],
    ["loki", '{s=~"x"} |= "$typed"', '{s=~"x"} |= "x|y"'],
    ["tempo", '{ .s =~ "$service" }', '{ .s =~ "a.b|c" }'],
    ["tempo", '{ .s =~ "${service:regex}" }', '{ .s =~ "(a\\.b|c)" }'],
  ])("of %s are written as Grafana does: %s", (dataSource, text, expected) => {
    expect(interpolate(text, dataSource, variables, { __rate_interval: "60s" })).toBe(expected);
  });

  test("are an error when nobody has them", () => {
    expect(() => interpolate("$absent", "loki", variables, {})).toThrow("no variable $absent");
  });

  test("of Grafana's own follow range, width and scrapes", () => {
    const timing = { range: 3600, points: 1500, minimum: 15, scrapeInterval: 15 };
    expect(stepOf(timing)).toBe(15);
    expect(stepOf({ ...timing, range: 86_400 })).toBe(60);
    expect(builtInVariables(timing)).toMatchObject({
      __interval: "15s",
      __rate_interval: "60s",
      __range: "3600s",
    });
  });
});

describe("a dashboard", () => {
  test("is read with the panels of its rows and without hidden queries", () => {
    const target = (refId: string, hide = false) => ({
      refId,
      hide,
      datasource: { uid: "prometheus" },
    });
    const dashboard: Dashboard = {
      uid: "d",
      title: "D",
      time: { from: "now-1h", to: "now" },
      panels: [
        { title: "", type: "row", panels: [{ title: "in", type: "stat", targets: [target("A")] }] },
        { title: "out", type: "stat", targets: [target("A"), target("B", true)], timeFrom: "2d" },
      ],
    };
    expect(queriesOf(dashboard).map(({ name, range }) => [name, range])).toEqual([
      ["D › in › A", 3600],
      ["D › out › A", 172_800],
    ]);
    expect(() => secondsOf("now/d")).toThrow("no duration");
  });
});

describe("PromQL", () => {
  test("gives its metrics, however they are written", () => {
    const text =
      'sum by (a) (rate(one_total{x=~"a|b"}[5m] offset 1m)) / on (b) {__name__="two", y!="\\"1"}' +
      ' or {"three.dots"} or label_replace(four, "five", "$1", "six", "(.*)") > bool 7';
    expect(metricNamesOf(text)).toEqual(["one_total", "two", "three.dots", "four"]);
    expect(selectorsOf(text)[1].matchers).toEqual([{ label: "y", operator: "!=", value: '"1' }]);
  });

  test("is an error when it is none", () => {
    expect(() => metricNamesOf("sum(rate(a[5m])")).toThrow("not PromQL");
  });
});

test("an answer without a number is empty", () => {
  const nothing = { series: [], lines: [], traces: [] };
  const series = (...values: [number, number][]) => ({
    ...nothing,
    series: [{ labels: {}, values }],
  });
  expect(isEmpty(nothing)).toBe(true);
  expect(isEmpty(series([1, NaN]))).toBe(true);
  expect(isEmpty(series([1, NaN], [2, 0]))).toBe(false);
  expect(isEmpty({ ...nothing, lines: [{ labels: {}, time: 1, text: "" }] })).toBe(false);
});
