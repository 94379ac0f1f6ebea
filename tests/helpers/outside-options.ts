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
