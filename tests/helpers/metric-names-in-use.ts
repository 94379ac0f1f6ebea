import type { StackConfig } from "../../config/parse";
import { stackRules } from "../../components/stack/rules";
import { ask } from "./data-source-api";
import type { ProcessStack } from "./process-stack";
import { metricNamesOf, selectorsOf, type Selector } from "./promql";

/** An expression, and where it stands. */
export interface Expression {
  where: string;
  promql: string;
}

/** A metric that something asks for. */
export interface AskedMetric {
  metric: string;
  /** Every place, for the message. */
  where: string[];
}

/** Each metric of these expressions, with where it stands. @throws on what is not PromQL. */
export function askedMetrics(expressions: readonly Expression[]): AskedMetric[] {
  const places = new Map<string, string[]>();
  for (const { where, promql } of expressions) {
    let names: string[];
    try {
      names = metricNamesOf(promql);
    } catch (error) {
      throw new Error(`${where}: ${(error as Error).message}`, { cause: error });
    }
    for (const metric of names) places.set(metric, [...(places.get(metric) ?? []), where]);
  }
  return [...places].map(([metric, where]) => ({ metric, where }));
}

/** The expressions of all rules of a stack. */
export function ruleExpressions(config: StackConfig): Expression[] {
  return stackRules(config).flatMap(([service, groups]) =>
    groups.flatMap(({ rules }) =>
      rules.map((rule) => ({
        where: `${service}: ${"alert" in rule ? rule.alert : rule.record}`,
        promql: rule.expr,
      })),
    ),
  );
}

/** A selector that something asks for, as PromQL. */
export interface AskedSelector extends Selector {
  /** Every place, for the message. */
  where: string[];
}

/** Each vector selector of these expressions, with where it stands. */
export function askedSelectors(expressions: readonly Expression[]): AskedSelector[] {
  const asked = new Map<string, AskedSelector>();
  for (const { where, promql } of expressions) {
    for (const selector of selectorsOf(promql)) {
      const known = asked.get(selector.text) ?? { ...selector, where: [] };
      if (!known.where.includes(where)) known.where.push(where);
      asked.set(selector.text, known);
    }
  }
  return [...asked.values()];
}

/** The same series whatever values their labels have: what a selector finds once it finds something. */
export const withAnyValues = ({ metric = "", matchers }: Selector): string =>
  `${metric}{${matchers
    .filter(({ operator }) => !operator.startsWith("!"))
    .map(({ label }) => `${label}!=""`)
    .join()}}`;

/** Whether a selector has found anything in the last hour. */
export async function findsSeries(stack: ProcessStack, selector: string): Promise<boolean> {
  const end = Math.ceil(Date.now() / 1000);
  const { data } = await ask<{ data: unknown[] }>(stack, "prometheus", "/api/v1/series", {
    "match[]": selector,
    start: end - 3600,
    end,
    limit: 1,
  });
  return data.length > 0;
}

/** Names of all metrics that Prometheus has. */
export async function metricsInPrometheus(stack: ProcessStack): Promise<Set<string>> {
  const { data } = await ask<{ data: string[] }>(
    stack,
    "prometheus",
    "/api/v1/label/__name__/values",
  );
  return new Set(data);
}
