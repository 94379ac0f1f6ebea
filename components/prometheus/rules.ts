import { replicaCount } from "../../config/capacity";
import type { StackConfig } from "../../config/parse";
import { heartbeatSeconds, WATCHDOG } from "../alertmanager/dead-mans-switch";
import { enabledServices, isEnabled } from "../stack/connections";
import { applicationRules, spanRules } from "./application-rules";
import { certificateRules } from "./certificate-rules";
import { grew } from "./expressions";
import { hostRules } from "./host-rules";
import { PUSHING_JOBS, TARGET_INFO } from "./metric-names";
import { processRules } from "./process-rules";
import type { AlertRule, RuleGroup } from "./rule-group";
import { foundByAddress } from "./scrapes";
import { spaceRules } from "./space-rules";

/** Path of Prometheus' OTLP intake, as its own metrics name it. */
const INTAKE = "/api/v1/otlp/v1/metrics";

/** A service of the stack that is down is worse than a target outside of it. */
function targetDown(config: StackConfig, severity: "critical" | "warning"): AlertRule {
  const scraped = enabledServices(config).filter((name) => !(name in PUSHING_JOBS));
  const own = severity === "critical";
  return {
    alert: "TargetDown",
    expr: `up{job${own ? "=" : "!"}~"${scraped.join("|")}"} == 0`,
    forSeconds: 120,
    labels: { severity, service: "{{ $labels.job }}" },
    annotations: {
      summary: "{{ $labels.job }} at {{ $labels.instance }} cannot be scraped",
      description:
        "It does not run, or the connection is refused: the page Status > Target health of " +
        "Prometheus has the error.",
    },
    when: `a ${own ? "service of the stack" : "target outside of the stack"} could not be scraped for 2 minutes`,
  };
}

/** A service that pushes its metrics has no `up`: its series must be fresh. */
function absence(pusher: string, job: string): AlertRule {
  return {
    alert: "PushedMetricsAbsent",
    expr: `absent_over_time(${TARGET_INFO}{job="${job}"}[3m])`,
    forSeconds: 120,
    // Without the others no application's data is lost.
    labels: { severity: /^collector/.test(pusher) ? "critical" : "warning", service: pusher },
    annotations: {
      summary: `No metrics from ${pusher} for 5 minutes`,
      description:
        `${pusher} pushes its own metrics. Either it does not run, or it cannot reach ` +
        "Prometheus: its log says which.",
    },
    when: `no metrics of ${pusher}, which pushes them, for 5 minutes`,
  };
}

/** Of several replicas, some tell nothing. */
function missing(
  service: string,
  { count, replicas, how }: { count: string; replicas: number; how: string },
): AlertRule {
  return {
    alert: "ReplicasMissing",
    expr: `${count} < ${replicas}`,
    forSeconds: 300,
    labels: { severity: "warning", service },
    annotations: {
      summary: `{{ $value }} of ${replicas} replicas of ${service} ${how} their metrics`,
      description:
        "The others carry what the missing ones would; with another one away it may be too much. " +
        "Either they do not run, or they cannot reach Prometheus: their log says which.",
    },
    when: `metrics of fewer than all replicas of ${service} for 8 minutes`,
    options: [`replicas.${service}`],
  };
}

const missingPushes = (service: string, job: string, replicas: number) =>
  missing(service, {
    count: `count(count by (instance) (present_over_time(${TARGET_INFO}{job="${job}"}[3m])))`,
    replicas,
    how: "push",
  });

/** One that is found by its address and is not there has no `up` that could be 0. */
const missingTargets = (service: string, replicas: number) =>
  missing(service, {
    count: `(count(present_over_time(up{job="${service}"}[3m])) or vector(0))`,
    replicas,
    how: "give",
  });

function targetRules(config: StackConfig): RuleGroup {
  const absences = enabledServices(config).flatMap((name) => {
    const job = PUSHING_JOBS[name];
    const replicas = replicaCount(config, name);
    if (job === undefined) {
      return foundByAddress(config, name) ? [missingTargets(name, replicas)] : [];
    }
    return [absence(name, job), ...(replicas > 1 ? [missingPushes(name, job, replicas)] : [])];
  });
  return {
    name: "targets",
    source: "Prometheus' scrapes, and the series of services that push",
    rules: [targetDown(config, "critical"), targetDown(config, "warning"), ...absences],
  };
}

/** What keeps Prometheus from storing what it gets. */
const STORAGE: AlertRule[] = [
  {
    alert: "PrometheusRefusesPushes",
    expr: `sum by (code) ${grew(`prometheus_http_requests_total{handler="${INTAKE}",code=~"[45].."}`)}`,
    forSeconds: 60,
    labels: { severity: "critical" },
    annotations: {
      summary: "Prometheus refused {{ $value | humanize }} pushes of metrics ({{ $labels.code }})",
      description:
        "Metrics of applications, of spans and of the collector come this way. With 400 they are " +
        "lost, with 5xx they wait in the collector's queue. If it is their age, " +
        "PrometheusSamplesTooOld fires as well.",
    },
    when: "Prometheus answered pushes of metrics with an error in the last 5 minutes",
  },
  {
    alert: "PrometheusSamplesTooOld",
    expr: ["too_old", "out_of_bound"]
      .map((kind) => `sum(${grew(`prometheus_tsdb_${kind}_samples_total`, "10m")})`)
      .join(" or "),
    labels: { severity: "warning" },
    annotations: {
      summary: "{{ $value | humanize }} samples came too late and were dropped",
      description:
        "A sender was away for longer than `capacity.outage`; what it queued before is lost.",
    },
    when: "samples were dropped for their age in the last 10 minutes",
    options: ["capacity.outage"],
  },
  {
    alert: "PrometheusCompactionFails",
    expr: ["compactions_failed", "head_truncations_failed", "checkpoint_creations_failed"]
      .map((kind) => `sum(${grew(`prometheus_tsdb_${kind}_total`, "30m")})`)
      .join(" or "),
    labels: { severity: "warning" },
    annotations: {
      summary: "Prometheus could not compact its data {{ $value | humanize }} times",
      description:
        "Memory and disk grow until it can: the disk may be full or a block damaged. Its log has " +
        "the error.",
    },
    when: "a compaction, truncation or checkpoint failed in the last 30 minutes",
  },
  {
    alert: "PrometheusWalCorrupt",
    expr: ["wal", "mmap_chunk"]
      .map((kind) => `sum(${grew(`prometheus_tsdb_${kind}_corruptions_total`, "1h")})`)
      .join(" or "),
    labels: { severity: "critical" },
    annotations: {
      summary: "Prometheus found {{ $value | humanize }} damaged parts in its write-ahead log",
      description:
        "It went on without what came after the damage: up to 3 hours of metrics are missing. " +
        "Look at the disk.",
    },
    when: "damage was found in the write-ahead log or the chunks of the last hours, within an hour",
  },
];

/** What keeps Prometheus from noticing and telling. */
function selfRules(config: StackConfig): AlertRule[] {
  return [
    {
      alert: "PrometheusRuleFailures",
      expr: `sum by (rule_group) ${grew("prometheus_rule_evaluation_failures_total")}`,
      forSeconds: 300,
      labels: { severity: "warning" },
      annotations: {
        summary: "Rules of {{ $labels.rule_group }} failed {{ $value | humanize }} times",
        description: "Alerts of this group cannot fire. Prometheus' log has the error.",
      },
      when: "evaluations of rules failed for 5 minutes",
    },
    {
      alert: "PrometheusReloadFails",
      expr: "prometheus_config_last_reload_successful == 0",
      forSeconds: 120,
      labels: { severity: "warning" },
      annotations: {
        summary: "Prometheus could not reload its configuration",
        description:
          "It goes on with the one before; of renewed certificates it knows the old ends. Its log " +
          "names the file.",
      },
      when: "the last reload of its configuration failed, for 2 minutes",
    },
    ...(isEnabled(config, "alertmanager")
      ? [
          {
            alert: "PrometheusNotificationsDropped",
            expr: `sum(${grew("prometheus_notifications_dropped_total")})`,
            labels: { severity: "warning", service: "alertmanager" } as const,
            annotations: {
              summary:
                "Prometheus could not deliver {{ $value | humanize }} alerts to Alertmanager",
              description: "Alertmanager is away or refuses Prometheus' certificate.",
            },
            when: "alerts to Alertmanager were dropped in the last 5 minutes",
          },
        ]
      : []),
  ];
}

function prometheusGroup(config: StackConfig): RuleGroup {
  return {
    name: "prometheus",
    source: "Prometheus' own metrics",
    rules: [...STORAGE, ...selfRules(config)],
  };
}

/** It always fires: what no longer hears of it knows that no other alert would come either. */
function watchdog(config: StackConfig): RuleGroup {
  return {
    name: "watchdog",
    source: "nothing: it fires whatever is",
    intervalSeconds: heartbeatSeconds(config),
    rules: [
      {
        alert: WATCHDOG,
        expr: "vector(1)",
        labels: { severity: "none" },
        annotations: {
          summary: "Alerts work",
          description:
            "It fires for as long as Prometheus evaluates and delivers. It is for " +
            "`alerts.deadMansSwitch`, which tells when it stops.",
        },
        when: "always",
        options: ["alerts.deadMansSwitch"],
      },
    ],
  };
}

/** Rules of no single room: of applications, processes, the host, certificates, and of Prometheus. */
export function prometheusRules(config: StackConfig): RuleGroup[] {
  return [
    spanRules(config),
    applicationRules(config),
    targetRules(config),
    processRules(config),
    hostRules(config),
    spaceRules(config),
    certificateRules(config),
    prometheusGroup(config),
    watchdog(config),
  ];
}
