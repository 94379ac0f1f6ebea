import type { Problem, StackConfig } from "../parse";
import { deadMansSwitch, receivers, webhooks } from "./alerts";
import { applicationsPlaced } from "./applications";
import { durationsAgree, durationsLongEnough, limitsHold, sizesLargeEnough } from "./bounds";
import { certificateTimes, generationsFollow, ownCa } from "./certificates";
import type { Check } from "./check";
import { noLogLoop } from "./container-logs";
import { dockerHost } from "./docker";
import { databasePassword } from "./grafana";
import { onKubernetes } from "./kubernetes";
import { applications, namesUnique, scrapeTargetsNamed } from "./names";
import { plaintextOnLoopback, portClashes, portsInRange } from "./ports";
import { gatewayRuns, replicasWork } from "./replicas";
import { budgets } from "./space";
import { s3Complete } from "./storage";
import { otherTargets } from "./target";
import { thresholds } from "./thresholds";

export { publishedPorts } from "./ports";

const CHECKS: readonly Check[] = [
  portClashes,
  portsInRange,
  plaintextOnLoopback,
  s3Complete,
  certificateTimes,
  ownCa,
  generationsFollow,
  durationsLongEnough,
  sizesLargeEnough,
  durationsAgree,
  limitsHold,
  namesUnique,
  applications,
  applicationsPlaced,
  dockerHost,
  onKubernetes,
  otherTargets,
  replicasWork,
  gatewayRuns,
  databasePassword,
  scrapeTargetsNamed,
  noLogLoop,
  receivers,
  webhooks,
  deadMansSwitch,
  thresholds,
  budgets,
];

/** What no single option can tell: clashes, orders and what one option asks of another. */
export function checkAcross(
  config: StackConfig,
  environment: Readonly<Record<string, string | undefined>>,
): Problem[] {
  return CHECKS.flatMap((check) => check(config, environment));
}
