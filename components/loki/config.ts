import { stringify } from "yaml";
import { bytesPerSecond, limitsOf } from "../../config/capacity";
import type { StackConfig } from "../../config/parse";
import { goDuration } from "../../config/units";
import { tlsFiles, type Layout } from "../../targets/layout";
import type { ConfigFile, Workload } from "../../targets/workload";
import { CATCHING_UP, CLOCK_ERROR } from "../clocks";
import { goMemoryLimit, serviceWorkload, type ServiceContext } from "../service";
import { s3CaFile, s3Parts } from "../stack/s3";

const MB = 1e6;
const HEADER =
  "# Loki, all parts in one process. Keys: https://grafana.com/docs/loki/latest/configure/\n";

/**
 * TLS of everything that serves and everything that dials, in one function: Loki dials itself, and
 * one part that speaks plaintext to the others breaks reading or writing.
 */
function tls(layout: Layout, messageSize: number) {
  const files = tlsFiles(layout);
  const client = {
    tls_cert_path: files.certificate,
    tls_key_path: files.key,
    tls_ca_path: files.root,
    // It dials addresses; the certificate carries names.
    tls_server_name: "loki",
  };
  return {
    server: {
      cert_file: files.certificate,
      key_file: files.key,
      client_ca_file: files.services,
      client_auth_type: "RequireAndVerifyClientCert",
    },
    grpcClient: {
      tls_enabled: true,
      ...client,
      max_recv_msg_size: messageSize,
      max_send_msg_size: messageSize,
    },
    httpClient: client,
  };
}

function storage({ config, layout }: ServiceContext) {
  const { kind, endpoint, bucket, region, prefix, forcePathStyle } = config.storage.loki;
  if (kind === "local") return { filesystem: { directory: `${layout.data}/chunks` } };
  const caFile = s3CaFile(layout, config.storage.loki);
  return {
    use_thanos_objstore: true,
    object_store: {
      ...(prefix !== undefined && { storage_prefix: prefix }),
      s3: {
        endpoint,
        bucket_name: bucket,
        region,
        bucket_lookup_type: forcePathStyle ? "path" : "virtual-hosted",
        ...(caFile !== undefined && { http: { tls_ca_path: caFile } }),
      },
    },
  };
}

/**
 * Rates far above the stated capacity; above them Loki has the collector send again. What it would
 * refuse for good was acknowledged to the sender before, so no such limit is below the intake's own.
 */
function limits(config: StackConfig) {
  const rate = Math.max(100, Math.ceil((10 * bytesPerSecond(config).logs) / MB));
  const { maxLineSize, maxQueryDuration, maxEntriesPerQuery } = config.tuning.loki;
  return {
    ingestion_rate_mb: rate,
    ingestion_burst_size_mb: rate,
    // One service may write all of it.
    per_stream_rate_limit: `${rate}MB`,
    per_stream_rate_limit_burst: `${rate}MB`,
    // Lines further in the future are refused for good.
    creation_grace_period: goDuration(CLOCK_ERROR),
    max_line_size: maxLineSize,
    max_line_size_truncate: true,
    // 0: as many and as long as a request holds. The defaults refuse a line of 129 attributes.
    max_structured_metadata_entries_count: 0,
    max_structured_metadata_size: 0,
    max_label_value_length: config.tuning.collector.maxRequestSize,
    // What is older than the retention is deleted, not refused.
    reject_old_samples: false,
    max_query_length: goDuration(maxQueryDuration),
    max_entries_limit_per_query: maxEntriesPerQuery,
    retention_period: goDuration(config.retention.logs),
    volume_enabled: true,
    // trace_id, span_id and all other attributes of OTLP.
    allow_structured_metadata: true,
    otlp_config: {
      resource_attributes: {
        // By default 17 attributes are labels, instance ids among them: a stream for each value.
        ignore_defaults: true,
        attributes_config: [
          {
            action: "index_label",
            attributes: ["service.name", "deployment.environment.name"],
          },
        ],
      },
    },
  };
}

function ingester({ config, layout }: ServiceContext) {
  return {
    // Alone in its ring: nobody to wait for.
    lifecycler: { min_ready_duration: "0s", final_sleep: "0s" },
    chunk_encoding: "snappy",
    chunk_idle_period: goDuration(config.tuning.loki.chunkIdle),
    // Lines older than the newest of their stream by half of it are refused for good: what waited
    // out an outage must fit, of a sender whose clock is slow too.
    max_chunk_age: goDuration(2 * (config.capacity.outage + CATCHING_UP + CLOCK_ERROR)),
    wal: {
      dir: `${layout.data}/wal`,
      // Its own guard: above it OTLP is answered with 503, which the collector repeats.
      disk_full_threshold: config.guard.stopAt,
      replay_memory_ceiling: Math.floor(limitsOf(config, "loki").memory / 2),
    },
  };
}

/** @returns the document of Loki and, for S3 with a private CA, that CA. */
export function lokiDocuments(context: ServiceContext): ConfigFile[] {
  const { config, layout } = context;
  // Parts pass on what the intake took, with labels added.
  const messageSize = 4 * config.tuning.collector.maxRequestSize;
  const { server, grpcClient, httpClient } = tls(layout, messageSize);
  const store = config.storage.loki.kind === "s3" ? "s3" : "filesystem";
  const document = {
    target: "all",
    auth_enabled: false,
    analytics: { reporting_enabled: false },
    server: {
      http_listen_address: layout.bind,
      http_listen_port: layout.listen("http"),
      grpc_listen_address: layout.bind,
      grpc_listen_port: layout.listen("grpc"),
      grpc_server_max_recv_msg_size: messageSize,
      grpc_server_max_send_msg_size: messageSize,
      tls_min_version: "VersionTLS12",
      http_tls_config: server,
      grpc_tls_config: server,
    },
    internal_server: {
      enable: true,
      http_listen_address: "127.0.0.1",
      http_listen_port: layout.listen("health"),
      // Its gRPC port is random and plaintext, and on every address unless one is given.
      grpc_listen_address: "127.0.0.1",
    },
    common: {
      instance_addr: "127.0.0.1",
      path_prefix: layout.data,
      replication_factor: 1,
      ring: { kvstore: { store: "inmemory" } },
    },
    ingester: ingester(context),
    ingester_client: { grpc_client_config: grpcClient },
    // Covers the frontend and the scheduler.
    frontend_worker: { dns_lookup_duration: "2s", grpc_client_config: grpcClient },
    frontend: {
      // Until the scheduler is found in its ring Loki is not ready; by default it looks every 10 s.
      scheduler_dns_lookup_period: "2s",
      grpc_client_config: grpcClient,
      tail_tls_config: httpClient,
    },
    query_scheduler: { grpc_client_config: grpcClient },
    compactor_grpc_client: grpcClient,
    pattern_ingester: { enabled: false },
    schema_config: {
      configs: [
        {
          from: "2024-04-01",
          store: "tsdb",
          object_store: store,
          schema: "v13",
          index: { prefix: "index_", period: "24h" },
        },
      ],
    },
    storage_config: storage(context),
    limits_config: limits(config),
    compactor: {
      working_directory: `${layout.data}/compactor`,
      retention_enabled: true,
      delete_request_store: store,
    },
  };
  return [
    {
      path: `${layout.config}/loki.yaml`,
      content: HEADER + stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 }),
    },
    ...s3Parts(context, "loki").files,
  ];
}

/** Loki as the target runs it. */
export function lokiWorkload(context: ServiceContext): Workload {
  const { config, layout } = context;
  const s3 = s3Parts(context, "loki");
  const healthUrl = `http://127.0.0.1:${layout.listen("health")}/ready`;
  return serviceWorkload(context, "loki", {
    args: [`-config.file=${layout.config}/loki.yaml`],
    configCheck: { args: [`-config.file=${layout.config}/loki.yaml`, "-verify-config"] },
    env: {
      ...goMemoryLimit(config, "loki"),
      ...s3.env,
    },
    files: lokiDocuments(context),
    secretFiles: s3.secretFiles,
    storage: { path: layout.data, ownedByImage: true },
    probe: { kind: "exec", command: ["/usr/bin/loki", "-health", `-health.url=${healthUrl}`] },
    // Everything has stopped within seconds, then its two servers wait for each other for ever
    // (`initServer` and `initInternalServer` in pkg/loki/modules.go); killing it then loses nothing.
    stopGrace: 15,
    reload: "watch",
  });
}
