import { stringify } from "yaml";
import { limitsOf } from "../../config/capacity";
import { goDuration, mebibytes } from "../../config/units";
import { tlsFiles, type Layout } from "../../targets/layout";
import type { ConfigFile, Workload } from "../../targets/workload";
import { ownMetrics, ownMetricsAddress } from "../own-metrics";
import {
  CERTIFICATE_RELOAD,
  collectorArgs,
  serviceWorkload,
  type ServiceContext,
} from "../service";

/** The name that Jaeger has had for it all along; newer ones also know it as `otlp_http`. */
const PROMETHEUS_EXPORTER = "otlphttp/prometheus";

const configFile = (layout: Layout) => `${layout.config}/jaeger.yaml`;

function serverTls(layout: Layout) {
  const { certificate, key, services } = tlsFiles(layout);
  return {
    cert_file: certificate,
    key_file: key,
    // Alone it turns on that a client certificate is demanded and verified.
    client_ca_file: services,
    min_version: "1.2",
    reload_interval: CERTIFICATE_RELOAD,
  };
}

/** Where its own metrics go from its own loopback: see `ownMetrics`. */
function prometheusExporter(layout: Layout) {
  const { root, certificate, key } = tlsFiles(layout);
  return {
    endpoint: `https://${layout.peer("prometheus", "http")}/api/v1/otlp`,
    tls: {
      ca_file: root,
      cert_file: certificate,
      key_file: key,
      server_name_override: "prometheus",
      min_version: "1.2",
      reload_interval: CERTIFICATE_RELOAD,
    },
  };
}

function mainDocument({ config, layout }: ServiceContext): string {
  const at = (listener: string) => `${layout.bind}:${layout.listen(listener)}`;
  const memory = mebibytes(limitsOf(config, "jaeger").memory);
  return stringify(
    {
      extensions: {
        healthcheckv2: {
          use_v2: true,
          http: { endpoint: `127.0.0.1:${layout.listen("health")}` },
        },
        jaeger_storage: {
          backends: {
            traces: {
              badger: {
                directories: { keys: `${layout.data}/keys`, values: `${layout.data}/values` },
                ephemeral: false,
                ttl: { spans: goDuration(config.jaeger.retention) },
              },
            },
          },
        },
        jaeger_query: {
          storage: { traces: "traces" },
          // Otherwise it sends spans of its own to localhost:4317 in plain text, where nobody takes them.
          enable_tracing: false,
          http: { endpoint: at("http"), tls: serverTls(layout) },
          grpc: { endpoint: at("grpc"), tls: serverTls(layout) },
        },
      },
      receivers: {
        otlp: { protocols: { grpc: { endpoint: at("otlpGrpc"), tls: serverTls(layout) } } },
        "otlp/own": { protocols: { http: { endpoint: ownMetricsAddress(layout) } } },
      },
      processors: {
        memory_limiter: {
          check_interval: "1s",
          limit_mib: Math.floor(memory * 0.8),
          spike_limit_mib: Math.floor(memory * 0.2),
        },
        batch: {},
      },
      exporters: {
        jaeger_storage_exporter: { trace_storage: "traces" },
        [PROMETHEUS_EXPORTER]: prometheusExporter(layout),
      },
      service: {
        extensions: ["jaeger_storage", "jaeger_query", "healthcheckv2"],
        pipelines: {
          traces: {
            receivers: ["otlp"],
            processors: ["memory_limiter", "batch"],
            exporters: ["jaeger_storage_exporter"],
          },
          metrics: { receivers: ["otlp/own"], exporters: [PROMETHEUS_EXPORTER] },
        },
        telemetry: ownMetrics("jaeger", layout, {
          "deployment.environment.name": config.environment,
        }),
      },
    },
    { aliasDuplicateObjects: false },
  );
}

export function jaegerDocuments(context: ServiceContext): ConfigFile[] {
  return [{ path: configFile(context.layout), content: mainDocument(context) }];
}

export function jaegerWorkload(context: ServiceContext): Workload {
  const { layout } = context;
  return serviceWorkload(context, "jaeger", {
    ...collectorArgs(`--config=${configFile(layout)}`),
    files: jaegerDocuments(context),
    storage: { path: layout.data, ownedByImage: false },
    writable: [layout.scratch],
    probe: {
      kind: "exec",
      command: ["wget", "-q", "-O-", `http://127.0.0.1:${layout.listen("health")}/status`],
    },
    stopGrace: 60,
    reload: "watch",
  });
}
