import { SPAN_LABELS } from "../prometheus/metric-names";

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

/** The collector's own end: what comes through it does not. */
const COLLECTOR_GONE = [`alertname="PushedMetricsAbsent"`, `service="collector"`];

export const INHIBITIONS: readonly Inhibition[] = [
  {
    name: "what is dead silences its symptoms",
    source_matchers: [`alertname=~"${GONE}"`],
    target_matchers: [`alertname!~"${GONE}"`, 'service!=""'],
    equal: ["service"],
  },
  {
    name: "without the collector nothing is counted",
    source_matchers: COLLECTOR_GONE,
    target_matchers: [`alertname="ServiceTrafficGone"`],
  },
  {
    name: "without the collector the log agent is not heard",
    source_matchers: COLLECTOR_GONE,
    target_matchers: [`alertname="PushedMetricsAbsent"`, `service="log-agent"`],
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
