import { stringify } from "yaml";
import { goDuration } from "../../config/units";

/** `none` is the Watchdog's alone: it is news when it does not arrive. */
export type Severity = "critical" | "warning" | "none";

/** An alert of Prometheus, with what its documentation says of it. */
export interface AlertRule {
  /** Name of its page in `docs/runbooks/`, too. */
  alert: string;
  /** PromQL: one series for each alert that fires. */
  expr: string;
  /** Seconds that the expression must hold before the alert fires. Default: at once. */
  forSeconds?: number;
  /**
   * `service`: whose end would explain the alert; left out where data is lost, or where the alert
   * may itself be why something ends.
   */
  labels: { severity: Severity; service?: string } & Record<string, string>;
  /** `summary`: one line; `description`: what it means and what to do, with values. */
  annotations: { summary: string; description: string };
  /** The expression in words, with the default of each threshold. */
  when: string;
  /** Paths of the options that it depends on. */
  options?: readonly string[];
}

/** A series that Prometheus computes ahead. */
export interface RecordingRule {
  record: string;
  expr: string;
  labels?: Record<string, string>;
}

export type Rule = AlertRule | RecordingRule;

/** Rules that are evaluated together, in order. */
export interface RuleGroup {
  /** Unique in the stack; by custom the service's name or `<service>-<topic>`. */
  name: string;
  /** Whose metrics its alerts read, for the documentation. */
  source: string;
  /** Seconds between evaluations. Default: `alerts.interval`. */
  intervalSeconds?: number;
  rules: Rule[];
}

/** Where runbooks stand if no option says so: inside the project. */
const RUNBOOKS = "docs/runbooks";

/** Address of an alert's runbook: a path inside the project, or a page under `base`. */
export function runbookOf(alert: string, base?: string): string {
  return `${(base ?? RUNBOOKS).replace(/\/+$/, "")}/${alert}.md`;
}

/** The alerts among the rules of some groups. */
export function alertsOf(groups: readonly RuleGroup[]): AlertRule[] {
  return groups.flatMap(({ rules }) => rules.filter((rule) => "alert" in rule));
}

function ruleDocument(rule: Rule, runbookUrl?: string): Record<string, unknown> {
  if ("record" in rule) {
    return { record: rule.record, expr: rule.expr, ...(rule.labels && { labels: rule.labels }) };
  }
  const { alert, expr, forSeconds, labels, annotations } = rule;
  return {
    alert,
    expr,
    ...(forSeconds !== undefined && { for: goDuration(forSeconds) }),
    labels,
    annotations: { ...annotations, runbook_url: runbookOf(alert, runbookUrl) },
  };
}

/**
 * A rule file of Prometheus with these groups.
 *
 * @param runbookUrl address under which the runbooks are published.
 */
export function renderRuleFile(groups: readonly RuleGroup[], runbookUrl?: string): string {
  return stringify(
    {
      groups: groups.map(({ name, intervalSeconds, rules }) => ({
        name,
        ...(intervalSeconds !== undefined && { interval: goDuration(intervalSeconds) }),
        rules: rules.map((rule) => ruleDocument(rule, runbookUrl)),
      })),
    },
    { lineWidth: 0 },
  );
}
