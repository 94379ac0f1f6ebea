import { PUSH_INTERVAL } from "../schema/tuning";
import { limitsOf } from "../capacity";
import type { Problem } from "../parse";
import { SERVICES } from "../services";
import { goDuration, sizeText } from "../units";
import type { Check } from "./check";

const MI = 2 ** 20;
const HOUR = 3600;
const DAY = 24 * HOUR;

/** No duration is shorter than what makes sense of it. */
export const durationsLongEnough: Check = (config) => {
  const { collector, tempo, loki, prometheus } = config.tuning;
  const bounds: [path: string, value: number | undefined, least: number][] = [
    ["retention.traces", config.retention.traces, HOUR],
    ["retention.logs", config.retention.logs, DAY],
    ["retention.metrics.time", config.retention.metrics.time, 2 * HOUR],
    ["jaeger.retention", config.jaeger.retention, HOUR],
    ["alerts.interval", config.alerts.interval, 1],
    ["alerts.lookback", config.alerts.lookback, 1],
    ["alerts.latency", config.alerts.latency, 0.001],
    ["alerts.traffic.silence", config.alerts.traffic.silence, 60],
    ["alerts.disk.fullWithin", config.alerts.disk.fullWithin, HOUR],
    ["alerts.space.fullWithin", config.alerts.space.fullWithin, HOUR],
    ["sampling.decisionWait", config.sampling.decisionWait, 1],
    ["sampling.keepSlowerThan", config.sampling.keepSlowerThan, 0.001],
    ["verification.timeout", config.verification.timeout, 10],
    ["capacity.outage", config.capacity.outage, 60],
    ["tuning.collector.batchTimeout", collector.batchTimeout, 0.001],
    ["tuning.tempo.maxBlockDuration", tempo.maxBlockDuration, 60],
    ["tuning.tempo.maxSearchDuration", tempo.maxSearchDuration, HOUR],
    ["tuning.loki.maxQueryDuration", loki.maxQueryDuration, HOUR],
    ["tuning.loki.chunkIdle", loki.chunkIdle, 60],
    ["tuning.prometheus.scrapeInterval", prometheus.scrapeInterval, 1],
    ...config.scrapeTargets.map(({ interval }, index): [string, number | undefined, number] => [
      `scrapeTargets[${index}].interval`,
      interval,
      1,
    ]),
  ];
  return bounds.flatMap(([path, value, least]) =>
    value === undefined || value >= least
      ? []
      : [{ path, message: `expected at least "${goDuration(least)}", got "${goDuration(value)}"` }],
  );
};

/** No size is smaller than what makes sense of it. */
export const sizesLargeEnough: Check = (config) => {
  const { collector, tempo, loki } = config.tuning;
  const bounds: [path: string, value: number, least: number][] = [
    ["retention.metrics.size", config.retention.metrics.size, 512 * MI],
    ["tuning.collector.maxRequestSize", collector.maxRequestSize, MI],
    ["tuning.tempo.maxBlockSize", tempo.maxBlockSize, MI],
    ["tuning.tempo.maxTraceSize", tempo.maxTraceSize, MI],
    ["tuning.loki.maxLineSize", loki.maxLineSize, 1024],
    ["alerts.applications.memory", config.alerts.applications.memory, MI],
    ["alerts.applications.tracingMemory", config.alerts.applications.tracingMemory, 1024],
    // Docker refuses less than 6 MiB; a program of ours or yours does not start in 16.
    ...config.apps.map(({ memory }, index): [string, number, number] => [
      `apps[${index}].memory`,
      memory,
      16 * MI,
    ]),
  ];
  return bounds
    .filter(([, value, least]) => value < least)
    .map(([path, value, least]) => ({
      path,
      message: `expected at least "${sizeText(least)}", got "${sizeText(value)}"`,
    }));
};

/** What one duration asks of another. */
export const durationsAgree: Check = ({ retention, alerts, tuning }) => {
  const problems: Problem[] = [];
  if (retention.logs % DAY !== 0) {
    problems.push({
      path: "retention.logs",
      message: `expected whole days, such as "168h" or "7d", got "${goDuration(retention.logs)}"`,
    });
  }
  const step = Math.max(tuning.prometheus.scrapeInterval, PUSH_INTERVAL);
  if (alerts.lookback < 2 * step) {
    problems.push({
      path: "alerts.lookback",
      message: `expected at least "${goDuration(2 * step)}", twice the time between samples (tuning.prometheus.scrapeInterval, spans' metrics ${PUSH_INTERVAL}s), or a rate has one sample only; got "${goDuration(alerts.lookback)}"`,
    });
  }
  const { latencyBuckets } = tuning.collector;
  const rising = latencyBuckets.every((bound, index) => bound > (latencyBuckets[index - 1] ?? 0));
  if (latencyBuckets.length === 0 || !rising) {
    problems.push({
      path: "tuning.collector.latencyBuckets",
      message: 'expected rising durations above zero, such as ["10ms", "100ms", "1s"]',
    });
  }
  return problems;
};

/** A service's limits leave it room to run, and the reservation fits under them. */
export const limitsHold: Check = (config) =>
  SERVICES.flatMap((service) => {
    const { memory, memoryReservation } = limitsOf(config, service);
    const problems: Problem[] = [];
    if (memory < 64 * MI) {
      problems.push({
        path: `limits.${service}.memory`,
        message: `expected at least "64Mi", got "${sizeText(memory)}"`,
      });
    }
    if (memoryReservation > memory) {
      problems.push({
        path: `limits.${service}.memoryReservation`,
        message: `expected at most the limit ("${sizeText(memory)}"), got "${sizeText(memoryReservation)}"`,
      });
    }
    return problems;
  });
