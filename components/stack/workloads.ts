import type { StackConfig } from "../../config/parse";
import type { ServiceName } from "../../config/services";
import type { Grant } from "../../targets/grant";
import type { Target } from "../../targets/target";
import type { Workload } from "../../targets/workload";
import { alertmanagerWorkload } from "../alertmanager/config";
import { applicationGrant } from "../application/grant";
import { applicationWorkload } from "../application/workload";
import { collectorWorkload } from "../collector/config";
import { gatewayWorkload } from "../gateway/config";
import { grafanaWorkload } from "../grafana/config";
import { jaegerWorkload } from "../jaeger/config";
import { logAgentWorkload } from "../log-agent/config";
import { lokiWorkload } from "../loki/config";
import { prometheusWorkload } from "../prometheus/config";
import { qdrantWorkload } from "../qdrant/config";
import type { ServiceContext } from "../service";
import { tempoWorkload } from "../tempo/config";
import { enabledServices } from "./connections";

/** The Workload of each service: everything that the stack runs is in this table. */
export const WORKLOADS: Readonly<Record<ServiceName, (context: ServiceContext) => Workload>> = {
  tempo: tempoWorkload,
  collector: collectorWorkload,
  prometheus: prometheusWorkload,
  loki: lokiWorkload,
  grafana: grafanaWorkload,
  jaeger: jaegerWorkload,
  qdrant: qdrantWorkload,
  alertmanager: alertmanagerWorkload,
  "collector-gateway": gatewayWorkload,
  "log-agent": logAgentWorkload,
};

/** The Workloads of the services that run. */
export function serviceWorkloads(
  config: StackConfig,
  { layout }: Pick<Target, "layout">,
): Workload[] {
  return enabledServices(config).map((name) => WORKLOADS[name]({ config, layout: layout(name) }));
}

/** The Workloads of the applications that the stack runs. */
export function applicationWorkloads(
  config: StackConfig,
  { layout }: Pick<Target, "layout">,
): Workload[] {
  return config.apps.flatMap((app) =>
    app.image === undefined
      ? []
      : [applicationWorkload({ config, layout: layout(app.name) }, app, app.image)],
  );
}

/** What the applications are given that the stack does not run. */
export function applicationGrants(config: StackConfig): Grant[] {
  return config.apps
    .filter(({ image }) => image === undefined)
    .map((app) => applicationGrant(config, app));
}
