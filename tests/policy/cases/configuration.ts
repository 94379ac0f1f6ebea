import * as configuration from "../../../policy/rules/configuration";
import { changed, dockerService, files, inContainer, statefulSet } from "../subjects";
import type { Case } from "./case";
import { ALL_DOCUMENTS, bringing, onDocker, onKubernetes } from "./documents";

const args = (service: string, command: string[]) =>
  changed(changed(dockerService, "labels.0.value", service), "command", command);
const podArgs = (...list: string[]) => inContainer(statefulSet, "args", list);

const WEB = [
  "--web.listen-address=0.0.0.0:9090",
  "--web.config.file=/etc/tracekeep/config/web.yml",
];
const GRAFANA = {
  GF_SERVER_PROTOCOL: "https",
  GF_SERVER_HTTP_ADDR: "0.0.0.0",
  GF_SERVER_HTTP_PORT: "3000",
  GF_SERVER_CERT_FILE: "/etc/tracekeep/identity/tls.crt",
  GF_SERVER_CERT_KEY: "/etc/tracekeep/identity/tls.key",
  GF_SERVER_MIN_TLS_VERSION: "TLS1.2",
};
const grafana = (changes: Record<string, string | undefined> = {}) =>
  changed(
    changed(dockerService, "labels.0.value", "grafana"),
    "envs",
    Object.entries({ ...GRAFANA, ...changes }).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${value}`],
    ),
  );

const sound = [...ALL_DOCUMENTS, args("prometheus", WEB), grafana(), statefulSet];

const OTLP_GRPC = "receivers/otlp/protocols/grpc";
const TEMPO_OTLP = "distributor/receivers/otlp/protocols/grpc";
const clustered = (p2p: object) =>
  ["cluster", { enabled: true, p2p: { enable_tls: true, ...p2p } }] as const;

export const CONFIGURATION: Case[] = [
  {
    rule: configuration.clientCertificates,
    passing: [
      ...sound,
      // Of another kind, or of nobody's.
      onDocker("tempo", ["internal_server/enable", false]),
      args("prometheus", ["--web.listen-address="]),
      args("alertmanager", ["--cluster.listen-address=:9093", "--cluster.tls-config=/gossip.yml"]),
      onKubernetes("qdrant", clustered({})),
      onKubernetes("qdrant", clustered({ port: 6335 })),
    ],
    failing: {
      "Tempo's HTTP asks nobody": onDocker("tempo", [
        "server/http_tls_config/client_auth_type",
        "VerifyClientCertIfGiven",
      ]),
      "Tempo's gRPC has no issuers": onDocker("tempo", ["server/grpc_tls_config/client_ca_file"]),
      "Tempo's intake has no issuers": onDocker("tempo", [`${TEMPO_OTLP}/tls/client_ca_file`]),
      "Loki in plaintext": onKubernetes("loki", ["server/http_tls_config"]),
      "Loki without a key": onKubernetes("loki", ["server/http_tls_config/key_file"]),
      "Loki without a certificate": onKubernetes("loki", ["server/http_tls_config/cert_file"]),
      "the intake has no issuers": onKubernetes("collector", [`${OTLP_GRPC}/tls/client_ca_file`]),
      "the intake in plaintext": onDocker("collector", [`${OTLP_GRPC}/tls`]),
      "the intake without a key": onDocker("collector", [`${OTLP_GRPC}/tls/key_file`]),
      "the intake without a certificate": onDocker("collector", [`${OTLP_GRPC}/tls/cert_file`]),
      "Jaeger's pages": onDocker("jaeger", ["extensions/jaeger_query/http/tls/client_ca_file"]),
      "Prometheus asks nobody": onDocker("web", [
        "tls_server_config/client_auth_type",
        "NoClientCert",
      ]),
      "Prometheus has no issuers": onKubernetes("web", ["tls_server_config/client_ca_file"]),
      "Prometheus without a key": onKubernetes("web", ["tls_server_config/key_file"]),
      "Prometheus without a certificate": onKubernetes("web", ["tls_server_config/cert_file"]),
      "Prometheus without the file": args("prometheus", WEB.slice(0, 1)),
      "Alertmanager without the file": args("alertmanager", ["--web.listen-address=:9093"]),
      "Qdrant asks nobody": onDocker("qdrant", ["service/verify_https_client_certificate", false]),
      "Qdrant has no issuers": onKubernetes("qdrant", ["tls/ca_cert"]),
      "Qdrant without TLS": onDocker("qdrant", ["service/enable_tls", false]),
      "Qdrant without a key": onDocker("qdrant", ["tls/key"]),
      "Qdrant without a certificate": onDocker("qdrant", ["tls/cert"]),
      "Qdrant's peers in plaintext": onKubernetes("qdrant", clustered({ enable_tls: false })),
      "Qdrant's peers without issuers": onKubernetes(
        "qdrant",
        clustered({}),
        ["service/http_port", "6333"],
        ["tls/ca_cert"],
      ),
      "Qdrant's peers without a key": onKubernetes(
        "qdrant",
        clustered({}),
        ["service/http_port", "6333"],
        ["tls/key"],
      ),
    },
  },
  {
    rule: configuration.serverCertificates,
    passing: [...sound, grafana({ GF_SERVER_PROTOCOL: "h2" })],
    failing: {
      "Grafana in plaintext": grafana({ GF_SERVER_PROTOCOL: "http" }),
      "nothing said": grafana({ GF_SERVER_PROTOCOL: undefined }),
      "without a certificate": grafana({ GF_SERVER_CERT_FILE: undefined }),
      "without a key": grafana({ GF_SERVER_CERT_KEY: undefined }),
      "in a pod": inContainer(
        changed(statefulSet, "spec.template.metadata.labels", {
          "app.kubernetes.io/name": "grafana",
        }),
        "env",
        [{ name: "GF_SERVER_HTTP_PORT", value: "3000" }],
      ),
    },
  },
  {
    rule: configuration.namedExceptions,
    passing: [
      ...sound,
      // Nobody else can dial it; the table keeps it to loopback; it has no row; it is plaintext.
      onDocker(
        "qdrant",
        ["service/verify_https_client_certificate", false],
        ["service/host", "127.0.0.1"],
      ),
      onDocker("collector", [
        "receivers/otlp~1own/protocols/http",
        { endpoint: "0.0.0.0:4319", tls: { cert_file: "/a", key_file: "/b" } },
      ]),
      onDocker("qdrant", ["service/grpc_port", 6334]),
      onDocker("qdrant", ["service/enable_tls", false]),
    ],
    failing: {
      "the intake": onDocker("collector", [`${OTLP_GRPC}/tls/client_ca_file`]),
      "Qdrant's vectors": onKubernetes("qdrant", [
        "service/verify_https_client_certificate",
        false,
      ]),
      Prometheus: onKubernetes("web", ["tls_server_config/client_ca_file"]),
    },
    allowed: [
      [
        { listeners: ["collector.otlpGrpc"] },
        onDocker("collector", [`${OTLP_GRPC}/tls/client_ca_file`]),
      ],
    ],
  },
  {
    rule: configuration.namedListeners,
    passing: [...sound, args("alertmanager", ["--cluster.listen-address="])],
    failing: {
      "another port of Tempo's": onDocker("tempo", ["server/http_listen_port", 3201]),
      "another intake": onDocker("collector", [
        "receivers/otlp~12/protocols/grpc/endpoint",
        "0.0.0.0:5317",
      ]),
      "one of many": onDocker("collector", ["receivers/tcp", [{ endpoint: "0.0.0.0:54525" }]]),
      "an extension": onKubernetes("collector", ["extensions/pprof/endpoint", "localhost:1777"]),
      "what waits to be scraped": onDocker("collector", [
        "exporters/prometheus~1own/endpoint",
        "0.0.0.0:8889",
      ]),
      "its own metrics": onKubernetes("collector", [
        "service/telemetry/metrics/readers",
        [{ pull: { exporter: { prometheus: { host: "localhost", port: 8888 } } } }],
      ]),
      "its own metrics, by default": onKubernetes("collector", [
        "service/telemetry/metrics/readers",
        [{ pull: { exporter: { prometheus: {} } } }],
      ]),
      "Tempo's second server": onDocker("tempo", ["internal_server/grpc_listen_port", 9096]),
      "Qdrant's gRPC": onDocker("qdrant", ["service/grpc_port", 6334]),
      "Qdrant's gRPC, by default": onDocker("qdrant", ["service/grpc_port"]),
      "Qdrant's peers on another port": onKubernetes("qdrant", clustered({ port: 6336 })),
      "a service that the table does not know": bringing("docker", "loki", [], "mimir"),
      "another port of Prometheus'": args("prometheus", ["--web.listen-address=0.0.0.0:9091"]),
      "gossip on another port": args("alertmanager", [
        "--cluster.listen-address=0.0.0.0:9999",
        "--cluster.tls-config=/etc/tracekeep/config/gossip.yml",
      ]),
      "another port of Grafana's": grafana({ GF_SERVER_HTTP_PORT: "3001" }),
    },
  },
  {
    rule: configuration.loopbackListeners,
    passing: [
      ...sound,
      onKubernetes("collector", ["extensions/health_check/endpoint", "0.0.0.0:13133"]),
      onDocker("tempo", ["internal_server/http_listen_address", "localhost"]),
    ],
    failing: {
      "health on Docker": onDocker("collector", [
        "extensions/health_check/endpoint",
        "0.0.0.0:13133",
      ]),
      "Tempo's health": onDocker("tempo", ["internal_server/http_listen_address"]),
      "its own metrics": onKubernetes("collector", [
        "receivers/otlp~1own/protocols/http/endpoint",
        ":4319",
      ]),
    },
  },
  {
    rule: configuration.plaintextIntake,
    passing: [
      ...sound,
      onDocker("collector", ["receivers/zipkin/endpoint", "127.0.0.1:9411"]),
      onDocker("collector", ["receivers/unknown/endpoint", "0.0.0.0:5555"]),
      onDocker("qdrant", ["service/enable_tls", false], ["service/host", "127.0.0.1"]),
    ],
    failing: {
      Zipkin: onDocker("collector", ["receivers/zipkin/endpoint", "0.0.0.0:9411"]),
      OTLP: onKubernetes("collector", [
        "receivers/otlp~1plaintext/protocols/grpc/endpoint",
        ":14317",
      ]),
      "the one that should not be": onDocker("collector", [`${OTLP_GRPC}/tls`]),
      Qdrant: onDocker("qdrant", ["service/enable_tls", false]),
      "Qdrant's peers": onKubernetes("qdrant", clustered({ enable_tls: false })),
      Prometheus: onDocker("web", ["tls_server_config/cert_file"]),
    },
    allowed: [
      [
        { listeners: ["collector.zipkin"] },
        onDocker("collector", ["receivers/zipkin/endpoint", "0.0.0.0:9411"]),
      ],
    ],
  },
  {
    rule: configuration.tlsVersion,
    passing: [
      ...sound,
      onDocker("web", ["tls_server_config/min_version"]),
      onDocker("web", ["tls_server_config/min_version", "TLS13"]),
      onDocker("tempo", ["server/tls_min_version", "VersionTLS13"]),
      onDocker("collector", [`${OTLP_GRPC}/tls/min_version`, 1.3]),
      grafana({ GF_SERVER_MIN_TLS_VERSION: "TLS1.3" }),
      grafana({ GF_SERVER_PROTOCOL: "http", GF_SERVER_MIN_TLS_VERSION: "TLS1.0" }),
      onDocker("qdrant", clustered({})),
      onDocker("qdrant", ["service/grpc_port", 6334]),
      onDocker("qdrant", ["service/enable_tls", false]),
    ],
    failing: {
      "Tempo's own": onDocker("tempo", ["server/tls_min_version"]),
      "Loki's, older": onKubernetes("loki", ["server/tls_min_version", "VersionTLS11"]),
      "the intake's own": onDocker("collector", [`${OTLP_GRPC}/tls/min_version`]),
      "the intake's, older": onKubernetes("collector", [`${OTLP_GRPC}/tls/min_version`, "1.1"]),
      "Prometheus', older": onDocker("web", ["tls_server_config/min_version", "TLS10"]),
      "Grafana's own": grafana({ GF_SERVER_MIN_TLS_VERSION: undefined }),
      "Grafana's, older": grafana({ GF_SERVER_MIN_TLS_VERSION: "TLS1.1" }),
    },
  },
  {
    rule: configuration.readableFiles,
    passing: [...sound, files("grafana", "dashboard.json", "{").docker],
    failing: {
      "on Docker": files("tempo", "tempo.yaml", "server: {").docker,
      "on Kubernetes": files("tempo", "rules/a.yml", 'expr: "up').kubernetes,
    },
  },
  {
    rule: configuration.certificateChecks,
    passing: [
      ...sound,
      onDocker("loki", ["ingester_client/grpc_client_config/tls_insecure_skip_verify", false]),
      onDocker("collector", ["exporters/otlp_grpc~1tempo/tls/insecure", false]),
    ],
    failing: {
      "an exporter in plaintext": onDocker("collector", [
        "exporters/otlp_grpc~1tempo/tls/insecure",
        true,
      ]),
      "an exporter that trusts anybody": onKubernetes("collector", [
        "exporters/otlp_grpc~1tempo/tls/insecure_skip_verify",
        true,
      ]),
      "a scrape that trusts anybody": onDocker("prometheus", [
        "scrape_configs/0/tls_config/insecure_skip_verify",
        true,
      ]),
      "as a text": onDocker("collector", ["exporters/otlp_grpc~1tempo/tls/insecure", "true"]),
      "a data source": files(
        "grafana",
        "provisioning/datasources/stack.yaml",
        "datasources: [{ jsonData: { tlsSkipVerify: true } }]",
      ).docker,
      "Loki's client without TLS": onDocker("loki", [
        "ingester_client/grpc_client_config/tls_enabled",
        false,
      ]),
      "Qdrant without TLS": onKubernetes("qdrant", ["service/enable_tls", false]),
      "a bucket without checks": onDocker("loki", [
        "storage_config/object_store/s3/http/insecure_skip_verify",
        true,
      ]),
    },
    says: {
      "a scrape that trusts anybody": [
        "prometheus.yml of container prometheus-config-writer: scrape_configs[0].tls_config.insecure_skip_verify",
      ],
      "Qdrant without TLS": ["qdrant.yaml of Secret qdrant-secrets: service.enable_tls"],
    },
  },
  {
    rule: configuration.variableChecks,
    passing: [
      ...sound,
      changed(dockerService, "envs", ["OTEL_EXPORTER_OTLP_INSECURE=false", "X_ENABLE_TLS=true"]),
      changed(dockerService, "envs", ["GF_DATABASE_SSL_MODE=verify-full", "PGSSLMODE=verify-ca"]),
      podArgs("--insecure-port=0", "-keep"),
    ],
    failing: {
      "an exporter's": changed(dockerService, "envs", ["A=1", "OTEL_EXPORTER_OTLP_INSECURE=true"]),
      "a database that is anybody's": changed(dockerService, "envs", [
        "GF_DATABASE_SSL_MODE=require",
      ]),
      "Grafana's": changed(dockerService, "envs", ["GF_SMTP_SKIP_VERIFY=1"]),
      "Qdrant's": changed(dockerService, "envs", ["QDRANT__SERVICE__ENABLE_TLS=false"]),
      "Qdrant's client check": changed(dockerService, "envs", [
        "QDRANT__SERVICE__VERIFY_HTTPS_CLIENT_CERTIFICATE=0",
      ]),
      "a pod's": inContainer(statefulSet, "env", [{ name: "TLS_SKIP_VERIFY", value: "yes" }]),
      "an argument": podArgs("--tls-insecure=true"),
      "a probe's argument": changed(dockerService, "healthcheck.tests", ["CMD", "curl", "-k"]),
      "a pod's probe": inContainer(statefulSet, "readinessProbe.exec.command", [
        "curl",
        "--insecure",
      ]),
    },
  },
  {
    rule: configuration.plaintextDials,
    passing: [
      ...sound,
      onDocker("collector", ["exporters/otlp_http~1loki/endpoint", "http://localhost:3100/otlp"]),
      onDocker("collector", ["exporters/otlp_http~1loki/note", "http://loki:3100/otlp"]),
    ],
    failing: {
      "an exporter": onDocker("collector", [
        "exporters/otlp_http~1loki/endpoint",
        "http://loki:3100",
      ]),
      "an address": onKubernetes("collector", [
        "exporters/otlp_http~1loki/endpoint",
        "http://10.0.0.1/",
      ]),
      "a data source": files(
        "grafana",
        "provisioning/datasources/stack.yaml",
        "datasources: [{ url: 'http://tempo:3200' }]",
      ).kubernetes,
      "a new address": onDocker("collector", [
        "exporters/otlp_http~1loki/endpoint",
        "http://[2001:db8::1]/",
      ]),
    },
  },
];
