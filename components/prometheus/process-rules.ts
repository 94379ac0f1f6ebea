import { limitsOf } from "../../config/capacity";
import type { StackConfig } from "../../config/parse";
import type { ServiceName } from "../../config/services";
import { goDuration } from "../../config/units";
import { eachReplica } from "../collector/flow";
import { enabledServices } from "../stack/connections";
import { PUSHING_JOBS, RECORDED } from "./metric-names";
import type { AlertRule, RecordingRule, RuleGroup } from "./rule-group";

const { memoryLimit, memoryUsed, cpuUsed, processStart } = RECORDED;

const job = (names: readonly string[]) => `job=~"${names.join("|")}"`;

/** A recording rule over some jobs; none where there is no such job. */
function record(
  name: string,
  jobs: readonly string[],
  expr: (matcher: string) => string,
): RecordingRule[] {
  return jobs.length === 0 ? [] : [{ record: name, expr: expr(job(jobs)) }];
}

/** Services by how they tell of their process. */
function kindsOf(config: StackConfig) {
  const services = enabledServices(config);
  const pushing = services.flatMap((name) => PUSHING_JOBS[name] ?? []);
  const only = (name: ServiceName) => services.filter((service) => service === name);
  return {
    // Written with Prometheus' Go library.
    scraped: services.filter((name) => !(name in PUSHING_JOBS) && name !== "qdrant"),
    pushing,
    prometheus: only("prometheus"),
    qdrant: only("qdrant"),
    applications: config.apps.filter(({ image }) => image !== undefined).map(({ name }) => name),
  };
}

function limits(config: StackConfig): RecordingRule[] {
  const services = enabledServices(config).map((name): [string, number] => [
    PUSHING_JOBS[name] ?? name,
    limitsOf(config, name).memory,
  ]);
  const applications = config.apps.flatMap(({ name, image, memory }): [string, number][] =>
    image === undefined ? [] : [[name, memory]],
  );
  return [...services, ...applications].map(([name, bytes]) => ({
    record: memoryLimit,
    expr: `vector(${bytes})`,
    labels: { job: name },
  }));
}

/**
 * Seconds by which a start that is computed from an uptime may differ from evaluation to evaluation
 * and be the same start.
 */
const SAME_START = 10;

/** The start of what tells its uptime only. It keeps its value until it is clearly another one. */
function startByUptime(matcher: string, labels: string): string {
  const uptime = `otelcol_process_uptime_seconds_total{${matcher}}`;
  const fresh = `max by (${labels}) (timestamp(${uptime}) - ${uptime})`;
  const last = `${processStart}{${matcher}}`;
  const on = `on (${labels})`;
  return `(${last} and ${on} abs(${last} - ${on} ${fresh}) < ${SAME_START}) or ${on} ${fresh}`;
}

function recordings(config: StackConfig): RecordingRule[] {
  const { scraped, pushing, prometheus, qdrant, applications } = kindsOf(config);
  const window = goDuration(Math.max(60, 4 * config.tuning.prometheus.scrapeInterval));
  const rest = scraped.filter((name) => name !== "prometheus");
  return [
    ...limits(config),
    ...record(memoryUsed, rest, (of) => `max by (job) (process_resident_memory_bytes{${of}})`),
    // Its blocks on disk are mapped into memory, count as resident and are given back when asked.
    ...record(
      memoryUsed,
      prometheus,
      (of) =>
        `max by (job) (go_memstats_sys_bytes{${of}} - go_memstats_heap_released_bytes{${of}})`,
    ),
    ...record(
      memoryUsed,
      pushing,
      (of) => `max by (job) (otelcol_process_memory_rss_bytes{${of}})`,
    ),
    ...record(memoryUsed, qdrant, (of) => `max by (job) (memory_resident_bytes{${of}})`),
    ...record(
      memoryUsed,
      applications,
      (of) => `max by (job) (process_memory_bytes{${of}} or process_resident_memory_bytes{${of}})`,
    ),
    ...record(
      cpuUsed,
      [...scraped, ...applications],
      (of) => `sum by (job) (rate(process_cpu_seconds_total{${of}}[${window}]))`,
    ),
    ...record(
      cpuUsed,
      pushing,
      (of) => `sum by (job) (rate(otelcol_process_cpu_seconds_total{${of}}[${window}]))`,
    ),
    ...record(
      processStart,
      [...scraped, ...applications],
      (of) => `max by (job) (process_start_time_seconds{${of}})`,
    ),
    ...record(processStart, pushing, (of) =>
      // Replicas start one after the other, which is no restart.
      startByUptime(of, ["job", ...eachReplica(config)].join(", ")),
    ),
  ];
}

function alerts({ alerts: { memory, restarts } }: StackConfig): AlertRule[] {
  return [
    {
      alert: "MemoryNearLimit",
      expr: `${memoryUsed} / on (job) ${memoryLimit} > ${memory}`,
      forSeconds: 300,
      labels: { severity: "warning" },
      annotations: {
        summary: "{{ $labels.job }} uses {{ $value | humanizePercentage }} of its memory limit",
        description:
          "At its limit the kernel ends it. Raise the limit (`limits.<service>.memory`, of an " +
          "application `apps[].memory`) or the `capacity` that it follows from.",
      },
      when: `memory in use above ${memory * 100} % of the limit for 5 minutes`,
      options: ["alerts.memory"],
    },
    {
      alert: "ServiceRestarts",
      expr: `changes(${processStart}[1h]) >= ${restarts}`,
      labels: { severity: "warning" },
      annotations: {
        summary: "{{ $labels.job }} started {{ $value }} times anew within an hour",
        description:
          "It fails and is started again: `docker logs` of its container says why, and " +
          "`docker inspect` whether it ran out of memory (OOMKilled).",
      },
      when: `at least ${restarts} restarts of one process within an hour`,
      options: ["alerts.restarts"],
    },
  ];
}

/** What each process uses, under one name over all services, and the alerts on it. */
export function processRules(config: StackConfig): RuleGroup {
  return {
    name: "processes",
    source: "process metrics of each service, and the configured limits",
    rules: [...recordings(config), ...alerts(config)],
  };
}
