import type * as pulumi from "@pulumi/pulumi";
import type { ServiceName } from "../../config/services";
import { Alertmanager } from "../alertmanager/alertmanager";
import { Application } from "../application/application";
import { Collector } from "../collector/collector";
import { Gateway } from "../gateway/gateway";
import { Grafana } from "../grafana/grafana";
import { Jaeger } from "../jaeger/jaeger";
import { LogAgent } from "../log-agent/log-agent";
import { Loki } from "../loki/loki";
import { Prometheus } from "../prometheus/prometheus";
import { Qdrant } from "../qdrant/qdrant";
import type { ServiceArgs, ServiceComponent } from "../service-component";
import { Tempo } from "../tempo/tempo";

type ComponentClass = new (
  name: string,
  args: ServiceArgs,
  opts: pulumi.ComponentResourceOptions,
) => ServiceComponent;

const ROOMS: Readonly<Record<ServiceName, ComponentClass>> = {
  tempo: Tempo,
  collector: Collector,
  prometheus: Prometheus,
  loki: Loki,
  grafana: Grafana,
  jaeger: Jaeger,
  qdrant: Qdrant,
  alertmanager: Alertmanager,
  "collector-gateway": Gateway,
  "log-agent": LogAgent,
};

/** The component of a Workload: its service's own, else that of an application. */
export function componentOf(name: string): ComponentClass {
  return (ROOMS as Partial<Record<string, ComponentClass>>)[name] ?? Application;
}
