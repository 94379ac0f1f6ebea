import type { StackConfig } from "../../config/parse";

/** The alert that always fires: where it no longer arrives, no other alert would. */
export const WATCHDOG = "Watchdog";

/**
 * Seconds between which Prometheus evaluates the Watchdog and may send it to Alertmanager again;
 * undefined without a dead man's switch. Alertmanager takes an alert for over four such times after
 * it last came (two lost ones are forgiven), which must be no longer than the switch's interval.
 */
export function heartbeatSeconds({ alerts }: StackConfig): number | undefined {
  const interval = alerts.deadMansSwitch?.interval;
  return interval === undefined ? undefined : Math.max(1, Math.floor(interval / 4));
}
