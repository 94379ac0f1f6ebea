import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { renderRuleFile, type AlertRule, type Rule } from "../../components/prometheus/rule-group";
import { RULE_CASES, type Situation } from "./rule-cases";
import { RULE_STACKS, ruleId, type StackRules } from "./rules";
import { programPath } from "./servers";

/** Rules, series, and what a query over both must give. */
export interface Trial {
  /** Without " # ". */
  name: string;
  rules: readonly Rule[];
  /** Values every 15 s, in promtool's notation. */
  series: Readonly<Record<string, string>>;
  query: string;
  /** Time of the query after the first value. */
  at: string;
  /** The one value without labels, or none. */
  expected: number | undefined;
}

export interface TrialResult {
  /** Names of the trials that failed, in their order. */
  failed: string[];
  /** All that promtool said. */
  output: string;
}

async function write(directory: string, trial: Trial, index: number): Promise<string> {
  const { name, rules, series, query, at, expected } = trial;
  const ruleFile = `${index}.rules.yml`;
  const group = { name: "tried", source: "", rules: [...rules] };
  await writeFile(join(directory, ruleFile), renderRuleFile([group]));
  const file = join(directory, `${index}.test.yml`);
  const test = {
    interval: "15s",
    input_series: Object.entries(series).map(([of, values]) => ({ series: of, values })),
    promql_expr_test: [
      {
        // promtool repeats the query of what failed, but not the test's name.
        expr: `${query} # ${name}`,
        eval_time: at,
        exp_samples: expected === undefined ? [] : [{ labels: "{}", value: expected }],
      },
    ],
  };
  const document = {
    rule_files: [ruleFile],
    evaluation_interval: "30s",
    fuzzy_compare: true,
    tests: [test],
  };
  await writeFile(file, stringify(document));
  return file;
}

/** Runs trials with promtool, which evaluates rules as Prometheus does. */
export async function tryRules(trials: readonly Trial[]): Promise<TrialResult> {
  const directory = await mkdtemp(join(tmpdir(), "tracekeep-rules-"));
  try {
    const files = await Promise.all(trials.map((trial, index) => write(directory, trial, index)));
    const output = await new Promise<string>((resolve) => {
      execFile(
        programPath("promtool"),
        ["test", "rules", ...files],
        { maxBuffer: 2 ** 26 },
        (_, stdout, stderr) => resolve(stdout + stderr),
      );
    });
    const failed = [...output.matchAll(/expr: (".*"), time: /g)].map(
      ([, expr]) => (JSON.parse(expr) as string).split(" # ")[1],
    );
    return { failed, output };
  } finally {
    await rm(directory, { recursive: true });
  }
}

export type Expectation = "fires" | "is silent";

/** What a case is called. */
export function caseName(
  rule: AlertRule,
  expectation: Expectation,
  { what }: Situation,
  of = "",
): string {
  return [
    ruleId(rule),
    ...(of === "" ? [] : [of]),
    `${expectation}${what === undefined ? "" : `: ${what}`}`,
  ].join(" ");
}

/** Label values of a rule that are no templates. */
const fixed = (labels: AlertRule["labels"]) =>
  Object.fromEntries(Object.entries(labels).filter(([, value]) => !value.includes("{{")));

function trialOf(
  { of, recordings }: StackRules,
  rule: AlertRule,
  tried: AlertRule,
  expectation: Expectation,
  situation: Situation,
): Trial {
  const { series, at, labels } = situation;
  const fires = expectation === "fires";
  const matchers = Object.entries({
    alertname: rule.alert,
    alertstate: "firing",
    ...fixed(rule.labels),
    ...(fires && labels),
  }).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return {
    name: caseName(rule, expectation, situation, of),
    // Some build on what other rules record.
    rules: [...(rule.expr.includes("tracekeep:") ? recordings : []), tried],
    series,
    query: `count(ALERTS{${matchers.join(",")}})`,
    at,
    expected: fires ? 1 : undefined,
  };
}

/**
 * The cases of every alert as trials.
 *
 * @param mutate breaks each rule on purpose.
 */
export function alertTrials(mutate: (rule: AlertRule) => AlertRule = (rule) => rule): Trial[] {
  const [first] = RULE_STACKS;
  const tried = new Set(first.alerts.map((rule) => JSON.stringify(rule)));
  return RULE_STACKS.flatMap((stack) =>
    stack.alerts.flatMap((rule) => {
      // What it builds on may be another rule.
      const isOther = rule.expr.includes("tracekeep:") || !tried.has(JSON.stringify(rule));
      const isTried = ({ only }: Situation) =>
        only === undefined ? stack === first || isOther : only === stack.of;
      const cases = RULE_CASES[ruleId(rule)];
      return (["fires", "silent"] as const).flatMap((kind) =>
        cases[kind]
          .filter(isTried)
          .map((situation) =>
            trialOf(stack, rule, mutate(rule), kind === "fires" ? "fires" : "is silent", situation),
          ),
      );
    }),
  );
}
