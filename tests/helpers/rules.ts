import { stackRules } from "../../components/stack/rules";
import {
  alertsOf,
  type AlertRule,
  type RecordingRule,
  type RuleGroup,
} from "../../components/prometheus/rule-group";
import { parseConfig, type StackConfig } from "../../config/parse";

/** On one host: all services that run there, and an application that it runs itself. */
export const RULES_CONFIG = parseConfig(
  {
    containerLogs: { enabled: true },
    apps: [{ name: "shop", image: "shop:1" }],
    space: { tempo: "100Gi", loki: "50Gi", jaeger: "50Gi" },
  },
  { stack: "dev", environment: {} },
);

/** Options of a stack whose collector has two tiers. */
export const TWO_TIERS = {
  target: "kubernetes",
  kubernetes: { context: "example" },
  replicas: { collector: 3 },
};

/** The same with replicas of all whose rules differ by them. */
const REPLICAS = {
  ...TWO_TIERS,
  replicas: { ...TWO_TIERS.replicas, grafana: 2 },
  grafana: { database: { host: "db:5432", name: "g", user: "g", password: "pw" } },
};

/** Rules of a stack. */
export interface StackRules {
  /** What sets it apart; empty for the first. */
  of: string;
  groups: RuleGroup[];
  alerts: AlertRule[];
  recordings: RecordingRule[];
}

function rulesOf(of: string, config: StackConfig): StackRules {
  const groups = stackRules(config).flatMap(([, of]) => of);
  return {
    of,
    groups,
    alerts: alertsOf(groups),
    recordings: groups.flatMap(({ rules }) => rules.filter((rule) => "record" in rule)),
  };
}

/** Stacks that have every rule between them. */
export const RULE_STACKS: readonly StackRules[] = [
  rulesOf("", RULES_CONFIG),
  rulesOf("in two tiers", parseConfig(REPLICAS, { stack: "dev", environment: {} })),
];

export const RULE_GROUPS: RuleGroup[] = RULE_STACKS.flatMap(({ groups }) => groups);

const identity = ({ alert, labels }: AlertRule) => JSON.stringify([alert, labels]);

/** The alerts of all stacks, each once. */
export const ALERTS: AlertRule[] = [
  ...new Map(
    RULE_STACKS.flatMap(({ alerts }) => alerts)
      .reverse()
      .map((rule) => [identity(rule), rule]),
  ).values(),
].reverse();

export const [{ recordings: RECORDINGS }] = RULE_STACKS;

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
