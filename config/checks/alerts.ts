import type { Problem, StackConfig } from "../parse";
import { OWN_RECEIVERS } from "../schema/alerts";
import { UNREADABLE } from "../types";
import { goDuration } from "../units";
import type { Check } from "./check";
import { duplicates } from "./names";

type Webhook = Omit<StackConfig["alerts"]["receivers"][number], "name" | "severities">;

/** Every webhook with the path of its options. */
function webhooksOf({ alerts }: StackConfig): [path: string, webhook: Webhook][] {
  const { receivers: list, deadMansSwitch: heartbeat } = alerts;
  return [
    ...list.map((webhook, index): [string, Webhook] => [`alerts.receivers[${index}]`, webhook]),
    ...(heartbeat ? [["alerts.deadMansSwitch", heartbeat] as [string, Webhook]] : []),
  ];
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Receivers have names of their own, and each gets something. */
export const receivers: Check = ({ alerts }) => [
  ...duplicates(
    alerts.receivers.map(({ name }) => name),
    "alerts.receivers",
    Object.values(OWN_RECEIVERS),
  ),
  ...alerts.receivers.flatMap(({ severities }, index) =>
    severities.length > 0
      ? []
      : [
          {
            path: `alerts.receivers[${index}].severities`,
            message: "expected at least one severity, or the receiver gets nothing",
          },
        ],
  ),
];

/** A webhook is spoken to over TLS, or plainly on purpose, and there is someone who delivers. */
export const webhooks: Check = (config) =>
  webhooksOf(config).flatMap(([path, { url, ca, allowHttp }]) => {
    const problems: Problem[] = [];
    if (!config.alertmanager.enabled) {
      const message = "expected alertmanager.enabled: true: Alertmanager delivers to it";
      problems.push({ path, message });
    }
    const address = url.reveal();
    if (address === UNREADABLE || !address.toLowerCase().startsWith("http:")) return problems;
    if (!allowHttp && !LOOPBACK.test(new URL(address).hostname)) {
      problems.push({
        path: `${path}.url`,
        message:
          'expected an "https://" address: plain http to another host shows the alerts and the address to everybody on the way; if that is wanted, say allowHttp: true beside it',
      });
    }
    if (ca !== undefined) {
      problems.push({ path: `${path}.ca`, message: 'has no meaning with an "http://" address' });
    }
    return problems;
  });

/** Seconds between which the dead man's switch makes sense: a retry fits in, and it is no late news. */
const INTERVAL = { least: 10, most: 3600 } as const;

/** The dead man's switch is neither a load nor too late. */
export const deadMansSwitch: Check = ({ alerts }) => {
  const { interval } = alerts.deadMansSwitch ?? {};
  if (interval === undefined || (interval >= INTERVAL.least && interval <= INTERVAL.most)) {
    return [];
  }
  const bounds = `from "${goDuration(INTERVAL.least)}" to "${goDuration(INTERVAL.most)}"`;
  return [
    {
      path: "alerts.deadMansSwitch.interval",
      message: `expected a duration ${bounds}, got "${goDuration(interval)}"`,
    },
  ];
};
