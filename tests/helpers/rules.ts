import { stackRules } from "../../components/stack/rules";
import {
  alertsOf,
  type AlertRule,
  type RecordingRule,
  type RuleGroup,
} from "../../components/prometheus/rule-group";
import { parseConfig } from "../../config/parse";

/** A stack that has every rule: all services, and an application that it runs itself. */
export const RULES_CONFIG = parseConfig(
  {
    containerLogs: { enabled: true },
    apps: [{ name: "shop", image: "shop:1" }],
  },
  { stack: "dev", environment: {} },
);

/** The rule groups of that stack. */
export const RULE_GROUPS: RuleGroup[] = stackRules(RULES_CONFIG).flatMap(([, groups]) => groups);

export const ALERTS: AlertRule[] = alertsOf(RULE_GROUPS);

export const RECORDINGS: RecordingRule[] = RULE_GROUPS.flatMap(({ rules }) =>
  rules.filter((rule) => "record" in rule),
);

/** Labels that tell rules of one alert apart, the first that differs first. */
const DISTINGUISHING = ["resource", "service", "severity"];

/** Name of a rule: its alert's, and where an alert has several rules what sets this one apart. */
export function ruleId(rule: AlertRule): string {
  const others = ALERTS.filter(({ alert }) => alert === rule.alert);
  if (others.length === 1) return rule.alert;
  const label = DISTINGUISHING.find(
    (name) => new Set(others.map(({ labels }) => labels[name])).size === others.length,
  );
  if (label === undefined) throw new Error(`nothing tells the rules of ${rule.alert} apart`);
  return `${rule.alert} ${rule.labels[label]}`;
}
