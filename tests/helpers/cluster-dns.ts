import type { Manifest } from "./cluster-objects";

/** Address of the Service of names. */
export const CLUSTER_DNS = "10.96.0.10";

const NAME = "coredns";
const LABELS = { "k8s-app": "kube-dns" };
const IN = { namespace: "kube-system" };

/** As clusters have it, it asks for its metrics to be scraped. */
const METRICS = { "prometheus.io/scrape": "true", "prometheus.io/port": "9153" };

const CONFIG = `.:53 {
  errors
  health
  ready
  prometheus :9153
  kubernetes cluster.local in-addr.arpa {
    pods insecure
    ttl 5
  }
}
`;

/** CoreDNS of this image where clusters have it: in `kube-system`, under the name `kube-dns`. */
export const dnsObjects = (image: string): Manifest[] => {
  const objects = [
    {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: NAME, ...IN },
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: NAME },
      rules: [
        {
          apiGroups: [""],
          resources: ["endpoints", "services", "pods", "namespaces"],
          verbs: ["list", "watch"],
        },
        {
          apiGroups: ["discovery.k8s.io"],
          resources: ["endpointslices"],
          verbs: ["list", "watch"],
        },
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: NAME },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: NAME },
      subjects: [{ kind: "ServiceAccount", name: NAME, ...IN }],
    },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: NAME, ...IN },
      data: { Corefile: CONFIG },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: NAME, ...IN, labels: LABELS },
      spec: {
        replicas: 1,
        selector: { matchLabels: LABELS },
        template: {
          metadata: { labels: LABELS, annotations: METRICS },
          spec: {
            serviceAccountName: NAME,
            dnsPolicy: "Default",
            containers: [
              {
                name: NAME,
                image,
                imagePullPolicy: "Never",
                // As everywhere it listens at the port itself, which the policies name.
                securityContext: { runAsUser: 0 },
                args: ["-conf", "/etc/coredns/Corefile"],
                readinessProbe: { httpGet: { path: "/ready", port: 8181 }, periodSeconds: 1 },
                volumeMounts: [{ name: "config", mountPath: "/etc/coredns", readOnly: true }],
              },
            ],
            volumes: [{ name: "config", configMap: { name: NAME } }],
          },
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "kube-dns", ...IN, labels: LABELS },
      spec: {
        clusterIP: CLUSTER_DNS,
        selector: LABELS,
        ports: [
          { name: "dns", port: 53, protocol: "UDP" },
          { name: "dns-tcp", port: 53, protocol: "TCP" },
        ],
      },
    },
  ];
  return objects;
};
