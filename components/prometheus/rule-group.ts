import { stringify } from "yaml";
import { goDuration } from "../../config/units";

export type Severity = "critical" | "warning";

/** An alert of Prometheus. */
export interface AlertRule {
  alert: string;
  /** PromQL: one series for each alert that fires. */
  expr: string;
  /** Seconds that the expression must hold before the alert fires. Default: at once. */
  forSeconds?: number;
  labels: { severity: Severity } & Record<string, string>;
  /** `summary`: one line; `description`: what it means and what to do. */
  annotations: { summary: string; description: string };
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
  /** Seconds between evaluations. Default: `alerts.interval`. */
  intervalSeconds?: number;
  rules: Rule[];
}

function ruleDocument(rule: Rule): Record<string, unknown> {
  if ("record" in rule) {
    return { record: rule.record, expr: rule.expr, ...(rule.labels && { labels: rule.labels }) };
  }
  const { alert, expr, forSeconds, labels, annotations } = rule;
  return {
    alert,
    expr,
    ...(forSeconds !== undefined && { for: goDuration(forSeconds) }),
    labels,
    annotations,
  };
}

/** A rule file of Prometheus with these groups. */
export function renderRuleFile(groups: readonly RuleGroup[]): string {
  return stringify(
    {
      groups: groups.map(({ name, intervalSeconds, rules }) => ({
        name,
        ...(intervalSeconds !== undefined && { interval: goDuration(intervalSeconds) }),
        rules: rules.map(ruleDocument),
      })),
    },
    { lineWidth: 0 },
  );
}
