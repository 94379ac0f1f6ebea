import type { StackConfig } from "../../config/parse";
import type { ServiceName } from "../../config/services";
import { alertmanagerRules } from "../alertmanager/rules";
import { collectorRules } from "../collector/rules";
import { gatewayRules } from "../gateway/rules";
import { grafanaRules } from "../grafana/rules";
import { jaegerRules } from "../jaeger/rules";
import { logAgentRules } from "../log-agent/rules";
import { lokiRules } from "../loki/rules";
import type { RuleGroup } from "../prometheus/rule-group";
import { prometheusRules } from "../prometheus/rules";
import { qdrantRules } from "../qdrant/rules";
import { tempoRules } from "../tempo/rules";
import { enabledServices } from "./connections";

/** The rules of every room. */
const RULES: Readonly<Record<ServiceName, (config: StackConfig) => RuleGroup[]>> = {
  tempo: tempoRules,
  collector: collectorRules,
  prometheus: prometheusRules,
  loki: lokiRules,
  grafana: grafanaRules,
  jaeger: jaegerRules,
  qdrant: qdrantRules,
  alertmanager: alertmanagerRules,
  "collector-gateway": gatewayRules,
  "log-agent": logAgentRules,
};

/** Rules of the services that run, by service. */
export function stackRules(config: StackConfig): [service: ServiceName, groups: RuleGroup[]][] {
  return enabledServices(config).map((service) => [service, RULES[service](config)]);
}
