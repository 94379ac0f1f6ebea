import type { Problem } from "../parse";
import { goDuration } from "../units";
import type { Check } from "./check";

const HOUR = 3600;

/** Thresholds that could never be passed, or that contradict each other. */
export const thresholds: Check = ({ alerts, tuning }) => {
  const problems: Problem[] = [];
  const atMost: [path: string, value: number, most: number, why: string][] = [
    ["alerts.interval", alerts.interval, 120, "rules that build on others lose sight of them"],
    ["alerts.lookback", alerts.lookback, HOUR, "an alert would come and go an hour late"],
    ["alerts.traffic.silence", alerts.traffic.silence, 24 * HOUR, "it would be noticed too late"],
    ["alerts.disk.fullWithin", alerts.disk.fullWithin, 720 * HOUR, "hours tell nothing of months"],
    [
      "alerts.space.fullWithin",
      alerts.space.fullWithin,
      720 * HOUR,
      "hours tell nothing of months",
    ],
  ];
  for (const [path, value, most, why] of atMost) {
    if (value <= most) continue;
    problems.push({
      path,
      message: `expected at most "${goDuration(most)}", or ${why}; got "${goDuration(value)}"`,
    });
  }
  const { latencyBuckets } = tuning.collector;
  const highest = Math.max(...latencyBuckets);
  if (latencyBuckets.length > 0 && alerts.latency >= highest) {
    problems.push({
      path: "alerts.latency",
      message: `expected less than the last of tuning.collector.latencyBuckets ("${goDuration(highest)}"): nothing longer is measured, so the alert could not fire; got "${goDuration(alerts.latency)}"`,
    });
  }
  for (const group of ["disk", "space"] as const) {
    const { warning, critical } = alerts[group];
    if (warning < critical) continue;
    problems.push({
      path: `alerts.${group}.warning`,
      message: `expected less than alerts.${group}.critical (${critical}), got ${warning}`,
    });
  }
  return problems;
};
