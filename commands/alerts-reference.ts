import { alertsOf, type AlertRule, type RuleGroup } from "../components/prometheus/rule-group";
import { stackRules } from "../components/stack/rules";
import { parseConfig, type StackConfig } from "../config/parse";

const HEADER = `# Alerts

Generated from \`components/*/rules.ts\` by \`npm run docs\`; do not edit.

Prometheus evaluates the rules every \`alerts.interval\`; Alertmanager groups what fires and tells
[whom you name](alerting.md). The name of an alert leads to its runbook: what it means, what to look
at, what to do. Thresholds are those of the defaults; the options beside them change them.

\`critical\`: data is being lost, or will be, or users notice. \`warning\`: look at it by day. The label
\`service\` is the service whose end would explain the alert: while that is known to be down, the
alert is silenced.

An alert is there only where its source is: those of a service that is switched off are not
rendered. What has no source, and so no alert: restarts and CPU time of Qdrant, which tells neither;
the red status of a Qdrant collection, for which there is no metric; disks other than the one that
holds the collector's volume (Docker keeps all local volumes on one).

To run a query of a runbook: Grafana, Explore, Prometheus; or Prometheus itself, which
\`npm run env -- --operator\` opens to you. Containers are called as with the default \`namePrefix\`,
\`tracekeep-<stack>\`.
`;

const RECORDED = `
## Recorded series

One name over all services, for dashboards and queries of your own:

| series | labels | what it is |
|---|---|---|
| \`tracekeep:memory_limit:bytes\` | \`job\` | the configured limit |
| \`tracekeep:memory_used:bytes\` | \`job\` | memory that the process cannot give back |
| \`tracekeep:cpu_used:cores\` | \`job\` | CPU, in cores (not of Qdrant) |
| \`tracekeep:process_start_time:seconds\` | \`job\`; of replicas that push, \`instance\` too | when the process started (not of Qdrant) |
| \`tracekeep:store_used:bytes\` | \`store\` | what Tempo, Loki, Jaeger and Prometheus have on their volumes ([space.md](space.md)) |
| \`tracekeep:store_written:bytes_per_second\` | \`store\` | what Tempo, Loki and Jaeger write to keep it, over 6 hours |
| \`tracekeep:store_budget:bytes\`, \`tracekeep:store_retention:seconds\` | \`store\` | what a store may fill, and how long it keeps what it gets, where it has a claim or a budget |
| \`tracekeep:certificate_not_after:timestamp_seconds\` | \`certificate\`, \`kind\` | when a certificate that the stack issued ends |

The collector adds the host's \`system_cpu_time_seconds_total\`, \`system_cpu_logical_count\`,
\`system_memory_usage_bytes\`, \`system_memory_limit_bytes\` and, of the disk that holds its volume,
\`system_filesystem_usage_bytes\`.
`;

/** What may be switched off, with the option that says so. */
const SWITCHES: [option: string, off: Record<string, unknown>][] = [
  ["grafana.enabled", { grafana: { enabled: false } }],
  ["jaeger.enabled", { jaeger: { enabled: false } }],
  ["qdrant.enabled", { qdrant: { enabled: false } }],
  ["alertmanager.enabled", { alertmanager: { enabled: false } }],
  ["containerLogs.enabled", { containerLogs: { enabled: false } }],
  ["space", { space: {} }],
];

const EVERYTHING = { containerLogs: { enabled: true }, space: { tempo: "100Gi" } };

/** What runs on a cluster alone. */
const ON_A_CLUSTER = {
  target: "kubernetes",
  kubernetes: { context: "docs" },
  replicas: { collector: 2, grafana: 2 },
  grafana: { database: { host: "db:5432", name: "grafana", user: "grafana", password: "docs" } },
};

const groupsOf = (config: StackConfig): RuleGroup[] =>
  stackRules(config).flatMap(([, groups]) => groups);

const parsed = (options: unknown) => parseConfig(options, { stack: "docs", environment: {} });

const configOf = (options: Record<string, unknown>) => parsed({ ...EVERYTHING, ...options });

const identity = ({ alert, labels }: AlertRule) => JSON.stringify([alert, labels]);

/** Options without which an alert is not rendered. */
function needs(): (rule: AlertRule) => string[] {
  const without = SWITCHES.map(([option, off]): [string, Set<string>] => [
    option,
    new Set(alertsOf(groupsOf(configOf(off))).map(identity)),
  ]);
  const onOneHost = new Set(alertsOf(groupsOf(configOf({}))).map(identity));
  const alone = Object.keys(ON_A_CLUSTER.replicas).map((service): [string, Set<string>] => {
    const replicas = { ...ON_A_CLUSTER.replicas, [service]: 1 };
    const left = alertsOf(groupsOf(parsed({ ...ON_A_CLUSTER, replicas })));
    return [`replicas.${service}`, new Set(left.map(identity))];
  });
  return (rule) =>
    (onOneHost.has(identity(rule)) ? without : alone)
      .filter(([, left]) => !left.has(identity(rule)))
      .map(([name]) => name);
}

/** Every group, with the alerts of both kinds of stack, each once. */
function everyGroup(): RuleGroup[] {
  const groups = new Map<string, RuleGroup>();
  for (const group of [configOf({}), parsed(ON_A_CLUSTER)].flatMap(groupsOf)) {
    const known = groups.get(group.name);
    const names = new Set(alertsOf(known ? [known] : []).map(identity));
    const more = alertsOf([group]).filter((rule) => !names.has(identity(rule)));
    groups.set(group.name, known ? { ...known, rules: [...known.rules, ...more] } : group);
  }
  return [...groups.values()];
}

const code = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(", ");

/** The text of `docs/alerts.md`. */
export function alertsReference(): string {
  const neededBy = needs();
  const row = (rule: AlertRule) => {
    const { alert, labels, when, options = [] } = rule;
    const cells = [
      `[${alert}](runbooks/${alert}.md)`,
      labels.severity,
      when,
      code(options),
      code(neededBy(rule)),
    ];
    return `| ${cells.join(" | ")} |`;
  };
  const sections = everyGroup().flatMap((group) => {
    const alerts = alertsOf([group]);
    if (alerts.length === 0) return [];
    const title = group.name.charAt(0).toUpperCase() + group.name.slice(1).replaceAll("-", " ");
    return [
      `\n## ${title}\n`,
      `Source: ${group.source}.\n`,
      "| alert | severity | fires when | options | only with |\n|---|---|---|---|---|",
      ...alerts.map(row),
    ];
  });
  return `${[HEADER.trimEnd(), ...sections].join("\n")}\n${RECORDED}`;
}
