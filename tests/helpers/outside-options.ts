const s3 = (endpoint: string) => ({
  kind: "s3",
  bucket: "b",
  endpoint,
  accessKeyId: "id",
  secretAccessKey: "key",
});

/** Options with which every service that can dial somebody outside of the stack does. */
export const OUTSIDE = {
  storage: { tempo: s3("s3.example.org:443"), loki: s3("minio.storage.svc:9000") },
  alerts: {
    receivers: [
      { name: "chat", url: "https://hooks.example.org/T0KEN" },
      { name: "pager", url: "https://192.0.2.7:8443/T0KEN" },
      { name: "bot", url: "https://bot.chat.svc.cluster.local/T0KEN" },
    ],
    deadMansSwitch: { url: "https://alive.example.org:9443/T0KEN" },
  },
  grafana: {
    oidc: {
      clientId: "grafana",
      clientSecret: "s",
      authUrl: "https://login.example.org:7443/auth",
      tokenUrl: "https://id.example.org/token",
      apiUrl: "https://id.example.org:6443/me",
    },
  },
  extraReceivers: [{ name: "vendor", endpoint: "otlp.example.org:4317" }],
  scrapeTargets: [{ name: "nodes", targets: ["10.1.2.3:9100", "node.example.org:9101"] }],
  apps: [
    { name: "search", scrape: { target: "search.example.org:8080" } },
    { name: "till", image: "example.org/till:1", scrape: { target: "till:9000" } },
  ],
};

/** Host names by which the world comes in. */
const hostNames = {
  grafana: ["grafana.example.org", "traces.example.org"],
  collector: ["otlp.example.org", "otlp-http.example.org"],
};

const passThrough = { annotations: { "haproxy-ingress.github.io/ssl-passthrough": "true" } };

/** Every way in by an Ingress. */
export const BY_INGRESS = {
  hostNames,
  kubernetes: {
    routes: {
      grafana: {
        https: {
          fromNamespaces: ["ingress"],
          ingress: {
            class: "haproxy",
            annotations: {
              "cert-manager.io/cluster-issuer": "public",
              "haproxy-ingress.github.io/secure-backends": "true",
              "haproxy-ingress.github.io/secure-verify-ca-secret": "grafana-public-ca",
            },
            serviceAnnotations: { "example.org/protocol": "https" },
            tls: { secret: "grafana-from-issuer" },
          },
        },
      },
      collector: {
        otlpGrpc: { fromNamespaces: ["ingress"], ingress: { class: "haproxy", ...passThrough } },
        otlpHttp: {
          host: "otlp-http.example.org",
          fromNamespaces: ["ingress"],
          ingress: passThrough,
        },
      },
    },
  },
};

const gateway = { name: "public", namespace: "gateways" };

/** Every way in at a Gateway. */
export const BY_GATEWAY = {
  hostNames,
  kubernetes: {
    routes: {
      grafana: {
        https: {
          host: "traces.example.org",
          port: 8443,
          fromNamespaces: ["gateways"],
          gateway: { ...gateway, listener: "https" },
        },
      },
      collector: {
        otlpGrpc: { fromNamespaces: ["gateways"], gateway: { ...gateway, listener: "otlp" } },
        otlpHttp: {
          host: "otlp-http.example.org",
          fromAddresses: ["198.51.100.0/24"],
          gateway,
        },
      },
    },
  },
};

/** Every way in by a load balancer. */
export const BY_BALANCER = {
  hostNames,
  ports: { grafana: { https: 443 } },
  kubernetes: {
    loadBalancers: {
      collector: {
        sourceRanges: ["192.0.2.0/24", "2001:db8::/32"],
        class: "example.org/internal",
        annotations: { "example.org/scheme": "internal" },
      },
      grafana: { sourceRanges: ["203.0.113.0/24"] },
    },
  },
};
