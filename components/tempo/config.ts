import { stringify } from "yaml";
import { bytesPerSecond, limitsOf } from "../../config/capacity";
import type { StackConfig } from "../../config/parse";
import { goDuration } from "../../config/units";
import { tlsFiles, type Layout } from "../../targets/layout";
import type { ConfigFile, Workload } from "../../targets/workload";
import {
  CERTIFICATE_RELOAD,
  goMemoryLimit,
  serviceWorkload,
  type ServiceContext,
} from "../service";
import { guardOf } from "../guard/config";
import { s3CaFile, s3Parts } from "../stack/s3";

const MI = 2 ** 20;
const HEADER =
  "# Tempo, all parts in one process. Keys: https://grafana.com/docs/tempo/latest/configuration/\n";

/**
 * TLS of everything that serves and everything that dials. It is one function because Tempo dials
 * itself: a server with TLS whose clients speak plaintext takes spans and cannot return them.
 */
function tls(layout: Layout) {
  const files = tlsFiles(layout);
  const grpcClient = {
    grpc_client_config: {
      tls_enabled: true,
      tls_cert_path: files.certificate,
      tls_key_path: files.key,
      tls_ca_path: files.root,
      // It dials addresses; the certificate carries names.
      tls_server_name: "tempo",
    },
  };
  return {
    server: {
      cert_file: files.certificate,
      key_file: files.key,
      client_ca_file: files.services,
      client_auth_type: "RequireAndVerifyClientCert",
    },
    receiver: {
      cert_file: files.certificate,
      key_file: files.key,
      // On a receiver the CA alone makes client certificates required.
      client_ca_file: files.services,
      client_ca_file_reload: true,
      min_version: "1.2",
      reload_interval: CERTIFICATE_RELOAD,
    },
    grpcClient,
  };
}

/** Ring of one member, in memory: no gossip port, no search for an interface. */
const ring = { kvstore: { store: "inmemory" } };

function liveStore({ config, layout }: ServiceContext) {
  const { maxBlockDuration, maxBlockSize } = config.tuning.tempo;
  return {
    ring: { ...ring, instance_addr: "127.0.0.1" },
    partition_ring: ring,
    wal: { path: `${layout.data}/live-store/traces` },
    shutdown_marker_dir: `${layout.data}/live-store/shutdown-marker`,
    // A span is on disk after live and check together: what a SIGKILL loses, for Tempo answers before
    // it writes. Without `max_trace_live` a trace that grows would wait for half a minute. Shorter
    // costs memory: each check writes a part of the block, and all are open when it is completed.
    max_trace_idle: "2s",
    max_trace_live: "2s",
    flush_check_period: "2s",
    // Above it pushes wait, which holds the collector back, instead of filling the memory.
    max_live_traces_bytes: Math.floor(limitsOf(config, "tempo").memory / 8),
    max_block_duration: goDuration(maxBlockDuration),
    max_block_bytes: maxBlockSize,
    complete_block_timeout: goDuration(keptAtHand(config)),
  };
}

/**
 * Seconds in which searches ask the live store alone. A block reaches the backend when it is full or
 * `maxBlockDuration` old, and every querier knows it one poll (5 min) later.
 */
function recentWindow(config: StackConfig): number {
  return Math.max(900, config.tuning.tempo.maxBlockDuration + 600);
}

/** Seconds for which the live store keeps a block that is in the backend already. */
export const keptAtHand = (config: StackConfig): number => recentWindow(config) + 300;

function storage({ config, layout }: ServiceContext) {
  const { kind, endpoint, bucket, region, prefix, forcePathStyle } = config.storage.tempo;
  const common = {
    wal: { path: `${layout.data}/wal` },
    // Cost less CPU than the default vParquet4 in the one pair of runs that compared them.
    block: { version: "vParquet5" },
  };
  if (kind === "local") {
    return { trace: { ...common, backend: "local", local: { path: `${layout.data}/blocks` } } };
  }
  const caFile = s3CaFile(layout, config.storage.tempo);
  return {
    trace: {
      ...common,
      backend: "s3",
      s3: {
        endpoint,
        bucket,
        region,
        ...(prefix !== undefined && { prefix }),
        forcepathstyle: forcePathStyle,
        ...(caFile !== undefined && { tls_ca_path: caFile }),
      },
    },
  };
}

/**
 * Limits far above the stated capacity: what Tempo does not take it discards, in part while it
 * reports success, so the limit that holds a sender back is the collector's.
 */
function overrides(config: StackConfig) {
  const bytes = Math.max(100_000_000, 10 * bytesPerSecond(config).traces);
  return {
    defaults: {
      ingestion: {
        rate_limit_bytes: bytes,
        burst_size_bytes: bytes,
        max_traces_per_user: 0,
      },
      global: { max_bytes_per_trace: config.tuning.tempo.maxTraceSize },
      compaction: { block_retention: goDuration(config.retention.traces) },
    },
  };
}

/** @returns the document of Tempo and, for S3 with a private CA, that CA. */
export function tempoDocuments(context: ServiceContext): ConfigFile[] {
  const { config, layout } = context;
  const { server, receiver, grpcClient } = tls(layout);
  const { maxTraceSize, maxSearchDuration, queryConcurrency } = config.tuning.tempo;
  const grpcPort = layout.listen("grpc");
  const retention = { block_retention: goDuration(config.retention.traces) };
  // Answers carry whole traces.
  const messageSize = 2 * maxTraceSize;
  const recent = { query_backend_after: goDuration(recentWindow(config)) };
  const document = {
    target: "all",
    // Grafana streams search results over the HTTP port.
    stream_over_http_enabled: true,
    usage_report: { reporting_enabled: false },
    server: {
      http_listen_address: layout.bind,
      http_listen_port: layout.listen("http"),
      grpc_listen_address: layout.bind,
      grpc_listen_port: grpcPort,
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
    distributor: {
      ring,
      // Longer attributes are cut; the default of 2 KiB cuts most stack traces.
      max_attribute_bytes: 16_384,
      receivers: {
        otlp: {
          protocols: {
            grpc: {
              endpoint: `${layout.bind}:${layout.listen("otlpGrpc")}`,
              // A batch of the collector may hold several requests of the largest size.
              max_recv_msg_size_mib: Math.ceil((4 * config.tuning.collector.maxRequestSize) / MI),
              tls: receiver,
            },
          },
        },
      },
    },
    live_store: liveStore(context),
    live_store_client: grpcClient,
    backend_scheduler: {
      local_work_path: `${layout.data}/scheduler`,
      provider: { compaction: { compaction: retention } },
    },
    backend_scheduler_client: grpcClient,
    backend_worker: {
      backend_scheduler_addr: `127.0.0.1:${grpcPort}`,
      compaction: retention,
      // It waits this long at every stop, as its scheduler stops before it; a job is done again.
      finish_on_shutdown_timeout: "2s",
    },
    query_frontend: {
      search: { ...recent, max_duration: goDuration(maxSearchDuration) },
      metrics: recent,
    },
    querier: {
      max_concurrent_queries: queryConcurrency,
      frontend_worker: {
        frontend_address: `127.0.0.1:${grpcPort}`,
        grpc_client_config: { ...grpcClient.grpc_client_config, max_send_msg_size: messageSize },
      },
    },
    storage: storage(context),
    // No generator: span metrics are counted in the collector, before sampling.
    overrides: overrides(config),
  };
  return [
    {
      path: `${layout.config}/tempo.yaml`,
      content: HEADER + stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 }),
    },
    ...s3Parts(context, "tempo").files,
  ];
}

/** Tempo as the target runs it. */
export function tempoWorkload(context: ServiceContext): Workload {
  const { config, layout } = context;
  const s3 = s3Parts(context, "tempo");
  const healthUrl = `http://127.0.0.1:${layout.listen("health")}/ready`;
  return serviceWorkload(context, "tempo", {
    args: [`-config.file=${layout.config}/tempo.yaml`],
    configCheck: { args: [`-config.file=${layout.config}/tempo.yaml`, "-config.verify=true"] },
    env: {
      ...goMemoryLimit(config, "tempo"),
      ...s3.env,
    },
    files: tempoDocuments(context),
    secretFiles: s3.secretFiles,
    storage: { path: layout.data, ownedByImage: true },
    // It answers success whether it can write or not.
    beside: [guardOf(context, "tempo", "otlpGrpc")],
    probe: { kind: "exec", command: ["/tempo", "-health", `-health.url=${healthUrl}`] },
    // Live traces go to the write-ahead log within seconds. After a recent query the frontend then
    // waits for ever (grafana/tempo#7967); killing it then loses nothing.
    stopGrace: 20,
    reload: "watch",
  });
}
