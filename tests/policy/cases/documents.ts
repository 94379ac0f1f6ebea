import { stringify } from "yaml";
import type { Subject } from "../../../policy/rule";
import { copyOf, files, secretFiles } from "../subjects";

type Settings = Record<string, unknown>;

const IDENTITY = {
  cert_file: "/etc/tracekeep/identity/tls.crt",
  key_file: "/etc/tracekeep/identity/tls.key",
};
const ASKED = {
  ...IDENTITY,
  client_ca_file: "/etc/tracekeep/trust/services.crt",
  client_auth_type: "RequireAndVerifyClientCert",
};
const OTLP_TLS = {
  ...IDENTITY,
  client_ca_file: "/etc/tracekeep/trust/clients.crt",
  min_version: "1.2",
};
const DIAL_TLS = { ...IDENTITY, ca_file: "/etc/tracekeep/trust/root.crt", min_version: "1.2" };

/** Documents of services that hold to every rule, short ones. */
export const DOCUMENTS = {
  tempo: {
    file: "tempo.yaml",
    content: {
      server: {
        http_listen_address: "0.0.0.0",
        http_listen_port: 3200,
        grpc_listen_port: 9095,
        tls_min_version: "VersionTLS12",
        http_tls_config: ASKED,
        grpc_tls_config: ASKED,
      },
      internal_server: { enable: true, http_listen_address: "127.0.0.1", http_listen_port: 3101 },
      distributor: {
        receivers: { otlp: { protocols: { grpc: { endpoint: "0.0.0.0:4317", tls: OTLP_TLS } } } },
      },
      backend_worker: { compaction: { block_retention: "168h" } },
      storage: {
        trace: { backend: "s3", s3: { endpoint: "s3.example.org:443", bucket: "traces" } },
      },
      overrides: { defaults: { compaction: { block_retention: "168h" } } },
    },
  },
  loki: {
    file: "loki.yaml",
    content: {
      server: {
        http_listen_port: 3100,
        tls_min_version: "VersionTLS12",
        http_tls_config: ASKED,
      },
      ingester_client: { grpc_client_config: { tls_enabled: true } },
      schema_config: { configs: [{ from: "2024-04-01", object_store: "s3" }] },
      storage_config: { object_store: { s3: { endpoint: "s3.example.org:443", http: {} } } },
      limits_config: { retention_period: "168h" },
      compactor: { retention_enabled: true },
    },
  },
  collector: {
    file: "collector.yaml",
    content: {
      extensions: { health_check: { endpoint: "127.0.0.1:13133" } },
      receivers: {
        otlp: {
          protocols: {
            grpc: { endpoint: "0.0.0.0:4317", tls: OTLP_TLS },
            http: { endpoint: "0.0.0.0:4318", tls: OTLP_TLS },
          },
        },
        "otlp/own": { protocols: { http: { endpoint: "127.0.0.1:4319" } } },
      },
      processors: {
        tail_sampling: {
          policies: [
            { name: "errors", type: "status_code", status_code: { status_codes: ["ERROR"] } },
            { name: "share", type: "probabilistic", probabilistic: { sampling_percentage: 10 } },
          ],
        },
      },
      exporters: {
        "otlp_grpc/tempo": { endpoint: "tempo:4317", tls: DIAL_TLS },
        "otlp_http/loki": { endpoint: "https://loki:3100/otlp", tls: DIAL_TLS },
      },
      service: {
        telemetry: {
          resource: { "service.name": "collector" },
          metrics: {
            readers: [
              {
                periodic: { exporter: { otlp: { endpoint: "http://127.0.0.1:4319/v1/metrics" } } },
              },
            ],
          },
        },
        pipelines: {
          traces: {
            receivers: ["otlp"],
            processors: ["tail_sampling"],
            exporters: ["otlp_grpc/tempo"],
          },
          logs: { receivers: ["otlp"], exporters: ["otlp_http/loki"] },
        },
      },
    },
  },
  jaeger: {
    file: "jaeger.yaml",
    content: {
      extensions: {
        jaeger_storage: { backends: { traces: { badger: { ttl: { spans: "48h" } } } } },
        jaeger_query: { http: { endpoint: "0.0.0.0:16686", tls: OTLP_TLS } },
      },
      service: { pipelines: {} },
    },
  },
  prometheus: {
    file: "prometheus.yml",
    content: {
      storage: { tsdb: { retention: { time: "360h", size: "10240MB" } } },
      scrape_configs: [
        { job_name: "tempo", scheme: "https" },
        { job_name: "loki", scheme: "https" },
      ],
    },
  },
  web: { file: "web.yml", content: { tls_server_config: { ...ASKED, min_version: "TLS12" } } },
  rules: {
    file: "rules/prometheus.yml",
    content: {
      groups: [
        {
          name: "targets",
          rules: [
            { record: "tracekeep:memory", expr: 'absent_over_time(target_info{job="jaeger"}[3m])' },
            { alert: "TargetDown", expr: 'up{job=~"tempo|loki"} == 0' },
            {
              alert: "PushedMetricsAbsent",
              expr: 'absent_over_time(target_info{job="collector"}[3m])',
            },
          ],
        },
      ],
    },
  },
  alertmanager: {
    file: "alertmanager.yml",
    content: {
      route: { receiver: "nobody", routes: [{ receiver: "ops", routes: [{ receiver: "chat" }] }] },
      receivers: [
        { name: "nobody" },
        { name: "ops", webhook_configs: [{ url_file: "/etc/tracekeep/secrets/receiver-ops" }] },
        { name: "chat", webhook_configs: [{ url_file: "/etc/tracekeep/secrets/receiver-chat" }] },
        { name: "dead-mans-switch", webhook_configs: [{ url_file: "/etc/tracekeep/secrets/d" }] },
      ],
    },
  },
  qdrant: {
    file: "qdrant.yaml",
    content: {
      service: {
        host: "0.0.0.0",
        http_port: 6333,
        grpc_port: null,
        enable_tls: true,
        verify_https_client_certificate: true,
        api_key: "hunter2-qdrant",
      },
      tls: { cert: IDENTITY.cert_file, key: IDENTITY.key_file, ca_cert: ASKED.client_ca_file },
      cluster: { enabled: false },
    },
  },
} satisfies Record<string, { file: string; content: Settings }>;

type Name = keyof typeof DOCUMENTS;

/** Services whose document is named otherwise than they. */
const OWNERS: Partial<Record<Name, string>> = { web: "prometheus", rules: "prometheus" };

/** Changes of a document: values by path; undefined where it is to be left out. */
type Changes = readonly (readonly [path: string, value?: unknown])[];

function edited(name: Name, changes: Changes): string {
  const content = copyOf(DOCUMENTS[name].content) as Settings;
  for (const [path, value] of changes) {
    const keys = path.split("/").map((key) => key.replace(/~1/g, "/"));
    const last = keys.pop()!;
    const holder = keys.reduce<Settings>((node, key) => {
      node[key] ??= {};
      return node[key] as Settings;
    }, content);
    if (value === undefined) delete holder[last];
    else holder[last] = value;
  }
  return stringify(content);
}

/** What brings a service its document, with changes; paths are written as JSON pointers. */
export function bringing(
  target: "docker" | "kubernetes",
  name: Name,
  changes: Changes = [],
  service: string = OWNERS[name] ?? name,
): Subject {
  const where = name === "qdrant" ? secretFiles : files;
  return where(service, DOCUMENTS[name].file, edited(name, changes))[target];
}

/** The same on Docker. */
export const onDocker = (name: Name, ...changes: Changes): Subject =>
  bringing("docker", name, changes);

/** The same on Kubernetes. */
export const onKubernetes = (name: Name, ...changes: Changes): Subject =>
  bringing("kubernetes", name, changes);

/** All of them, on both targets. */
export const ALL_DOCUMENTS: Subject[] = (Object.keys(DOCUMENTS) as Name[]).flatMap((name) => [
  onDocker(name),
  onKubernetes(name),
]);
