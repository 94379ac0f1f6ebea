import * as o from "../types";

const claim = (what: string, size: string) => o.size(`Claim of ${what}.`).prefault(size);

export const kubernetes = o.section("The cluster, where the stack runs on Kubernetes.", {
  kubeconfig: o
    .path(
      "File of the cluster's addresses and credentials. Default: `KUBECONFIG`, `~/.kube/config`.",
    )
    .optional(),
  context: o.text("Context in that file. It must be named: the current one may be any.").optional(),
  namespace: o
    .dnsLabel(
      "Namespace; the stack makes it and nothing else may live there. Default: `namePrefix`.",
    )
    .optional(),
  storageClass: o.text("Storage class of the claims. Default: the cluster's own.").optional(),
  volumes: o.section("Sizes of the claims.", {
    tempo: claim("Tempo: blocks, or with S3 the write-ahead log", "20Gi"),
    collector: claim("the collector's queues", "10Gi"),
    prometheus: claim("Prometheus", "20Gi"),
    loki: claim("Loki: chunks, or with S3 the write-ahead log", "20Gi"),
    grafana: claim("Grafana's database", "1Gi"),
    jaeger: claim("Jaeger", "20Gi"),
    qdrant: claim("Qdrant", "20Gi"),
    alertmanager: claim("Alertmanager", "1Gi"),
  }),
  nodeSelector: o.labels("Labels of the nodes that may run it."),
  tolerations: o.list(
    "Taints of nodes that it tolerates.",
    o.group("A toleration.", {
      key: o.text("Key of the taint."),
      value: o.text("Its value. Default: any.").optional(),
      effect: o
        .oneOf(["NoSchedule", "PreferNoSchedule", "NoExecute"], "Its effect. Default: all.")
        .optional(),
    }),
  ),
  priorityClass: o.text("Priority class of the pods; it must exist.").optional(),
  browsersFrom: o.list(
    "Namespaces from which Grafana is reached, such as that of the ingress controller.",
    o.dnsLabel("A namespace."),
  ),
});
