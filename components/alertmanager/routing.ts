import type { StackConfig } from "../../config/parse";
import { OWN_RECEIVERS } from "../../config/schema/alerts";
import { goDuration } from "../../config/units";
import { SPAN_LABELS } from "../prometheus/metric-names";
import { WATCHDOG } from "./dead-mans-switch";

type Route = Record<string, unknown>;

/**
 * The Watchdog's own way. A delivery is due whenever the group is looked at: with both intervals
 * equal, the last delivery would always be a moment too young, and every second one left out.
 */
function watchdogRoute(interval: number): Route {
  return {
    receiver: OWN_RECEIVERS.deadMansSwitch,
    matchers: [`alertname="${WATCHDOG}"`],
    group_by: ["alertname"],
    group_wait: "0s",
    group_interval: goDuration(interval),
    repeat_interval: goDuration(interval / 2),
  };
}

/** Alertmanager's routing tree: by severity to every receiver that asks for it, else to nobody. */
export function routingTree({ alerts }: StackConfig): Route {
  return {
    receiver: OWN_RECEIVERS.nobody,
    // One notification for one trouble of one service, however many series tell of it.
    group_by: ["alertname", "job", "service", SPAN_LABELS.service],
    group_wait: "15s",
    group_interval: "2m",
    repeat_interval: "4h",
    routes: [
      ...(alerts.deadMansSwitch ? [watchdogRoute(alerts.deadMansSwitch.interval)] : []),
      ...alerts.receivers.map(({ name, severities }) => ({
        receiver: name,
        matchers: [`severity=~"${severities.join("|")}"`],
        continue: true,
      })),
    ],
  };
}
