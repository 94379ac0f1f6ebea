import type { StackConfig } from "../../config/parse";
import { SPAN_LABELS } from "../prometheus/metric-names";
import { hasTwoTiers } from "../stack/connections";

/**
 * What silences what. An alert carries in `service` whose end would explain it; one that may itself
 * be why something ended (a certificate, a disk), or says that data is lost, has none.
 */
interface Inhibition {
  name: string;
  source_matchers: string[];
  target_matchers: string[];
  /** Labels that are the same on both; a label that both lack is the same. */
  equal?: string[];
}

/** Alerts that say that something is not there. */
const GONE = "TargetDown|PushedMetricsAbsent";

/** A service's own end: what comes through it does not. */
const gone = (service: string) => [`alertname="PushedMetricsAbsent"`, `service="${service}"`];

/** Without the gateway nothing reaches the collector; without the collector the gateway is not heard. */
const OF_TWO_TIERS: readonly Inhibition[] = [
  {
    name: "without the collector the gateway is not heard",
    source_matchers: gone("collector"),
    target_matchers: gone("collector-gateway"),
  },
  {
    name: "without the gateway nothing is counted",
    source_matchers: gone("collector-gateway"),
    target_matchers: [`alertname="ServiceTrafficGone"`],
  },
];

/** What silences what in a stack. */
export const inhibitions = (config: StackConfig): readonly Inhibition[] => [
  ...ALWAYS,
  ...(hasTwoTiers(config) ? OF_TWO_TIERS : []),
];

const ALWAYS: readonly Inhibition[] = [
  {
    name: "what is dead silences its symptoms",
    source_matchers: [`alertname=~"${GONE}"`],
    target_matchers: [`alertname!~"${GONE}"`, 'service!=""'],
    equal: ["service"],
  },
  {
    name: "without the collector nothing is counted",
    source_matchers: gone("collector"),
    target_matchers: [`alertname="ServiceTrafficGone"`],
  },
  {
    name: "without the collector the log agent is not heard",
    source_matchers: gone("collector"),
    target_matchers: gone("log-agent"),
  },
  {
    name: "critical silences the warning of the same",
    source_matchers: [`severity="critical"`],
    target_matchers: [`severity="warning"`],
    equal: [
      "alertname",
      "service",
      "job",
      SPAN_LABELS.service,
      "exporter",
      "mountpoint",
      "certificate",
      "kind",
    ],
  },
];
