import { z } from "zod";
import { DIALLED_SERVICES } from "../services";
import * as o from "../types";
import { api } from "./kubernetes-api";
import { autoscale } from "./kubernetes-autoscale";
import { egress } from "./kubernetes-egress";
import { attributes, podLogs, podMetrics } from "./kubernetes-pods";
import { loadBalancers, routes } from "./kubernetes-routes";

const claim = (what: string, size: string) => o.size(`Claim of ${what}.`).prefault(size);

const nodeLabels = (what: string) =>
  z
    .record(
      z.string().regex(o.LABEL_KEY, "expected the key of a node's label"),
      o.labelValue("The label's value."),
    )
    .prefault({})
    .meta({ description: what, form: "a map of label keys to texts" } satisfies o.OptionMeta);

const tolerations = (what: string) =>
  o.list(
    what,
    o.group("A toleration.", {
      key: o.labelKey("Key of the taint."),
      value: o.labelValue("Its value. Default: any.").optional(),
      effect: o
        .oneOf(["NoSchedule", "PreferNoSchedule", "NoExecute"], "Its effect. Default: all.")
        .optional(),
    }),
  );

/** What may run on the cluster: all but the log agent, which reads a host's files. */
const PLACED = [...DIALLED_SERVICES, "collector-gateway"] as const;

const placement = (service: string) =>
  o.section(`Of ${service}, besides what holds for all.`, {
    nodeSelector: nodeLabels("Labels of the nodes that may run it."),
    tolerations: tolerations("Taints of nodes that it tolerates."),
    storageClass: o.objectName("Storage class of its claims.").optional(),
  });

export const kubernetes = o.section("The cluster, where the stack runs on Kubernetes.", {
  kubeconfig: o
    .path(
      "File of the cluster's addresses and credentials. Default: `KUBECONFIG`, `~/.kube/config`.",
    )
    .optional(),
  context: o
    .text("Context in that file. One of the two must be named: the current context may be any.")
    .optional(),
  namespace: o
    .dnsLabel(
      "Namespace; the stack makes it and nothing else may live there. Default: `namePrefix`.",
    )
    .optional(),
  storageClass: o.objectName("Storage class of the claims. Default: the cluster's own.").optional(),
  volumes: o.section("Sizes of the claims.", {
    tempo: claim("Tempo: blocks, or with S3 the write-ahead log", "64Gi"),
    collector: claim("the collector's queues", "10Gi"),
    prometheus: claim("Prometheus", "20Gi"),
    loki: claim("Loki: chunks, or with S3 the write-ahead log", "24Gi"),
    grafana: claim("Grafana's database", "1Gi"),
    jaeger: claim("Jaeger", "64Gi"),
    qdrant: claim("Qdrant", "20Gi"),
    alertmanager: claim("Alertmanager", "1Gi"),
  }),
  nodeSelector: nodeLabels("Labels of the nodes that may run it."),
  tolerations: tolerations("Taints of nodes that it tolerates."),
  placement: o.section(
    "Where single services run and store.",
    Object.fromEntries(PLACED.map((name) => [name, placement(name)])) as Record<
      (typeof PLACED)[number],
      ReturnType<typeof placement>
    >,
  ),
  autoscale,
  priorityClass: o.objectName("Priority class of the pods; it must exist.").optional(),
  browsersFrom: o.list(
    "Namespaces from which Grafana is reached, besides those that its route is passed on from.",
    o.namespace("A namespace."),
  ),
  clusterDomain: o.hostName("Domain of the cluster's own names.").prefault("cluster.local"),
  routes,
  loadBalancers,
  egress,
  api,
  attributes,
  podLogs,
  podMetrics,
});
