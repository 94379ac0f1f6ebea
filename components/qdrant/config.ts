import { stringify } from "yaml";
import { parseDuration } from "../../config/units";
import { REPLICA, tlsFiles } from "../../targets/layout";
import type { SecretFile, Workload } from "../../targets/workload";
import { CERTIFICATE_RELOAD, serviceWorkload, type ServiceContext } from "../service";
import { clusterArguments, clusterSettings, isCluster, NEW_COLLECTIONS } from "./cluster";

/**
 * The whole configuration: Qdrant reads its keys from nowhere else, so the document is a secret
 * file. What it leaves out is Qdrant's default (config/config.yaml of v1.19.0, built in).
 */
export function qdrantDocument({ config, layout }: ServiceContext): SecretFile {
  const { certificate, key, clients } = tlsFiles(layout);
  return {
    path: `${layout.secrets}/qdrant.yaml`,
    secrets: ["qdrantApiKey", "qdrantReadOnlyKey"],
    render: ([apiKey, readOnlyKey]) =>
      stringify({
        log_level: "INFO",
        telemetry_disabled: true,
        storage: {
          storage_path: layout.data,
          snapshots_path: `${layout.data}/snapshots`,
          ...(isCluster(config) && { collection: NEW_COLLECTIONS }),
        },
        service: {
          host: layout.bind,
          http_port: layout.listen("rest"),
          // It would verify no client certificate on gRPC.
          grpc_port: null,
          enable_tls: true,
          verify_https_client_certificate: true,
          api_key: apiKey,
          read_only_api_key: readOnlyKey,
          enable_cors: false,
          enable_static_content: false,
          // A client could make it fetch any address that it reaches.
          enable_snapshot_url_recovery: false,
          ...(isCluster(config) && { enforce_internal_auth: true }),
        },
        tls: {
          cert: certificate,
          key,
          // Applications are clients too.
          ca_cert: clients,
          // Seconds after which certificate and key are read anew.
          cert_ttl: parseDuration(CERTIFICATE_RELOAD),
        },
        cluster: clusterSettings(config, layout),
      }),
  };
}

export function qdrantWorkload(context: ServiceContext): Workload {
  const { config, layout } = context;
  const document = qdrantDocument(context);
  return serviceWorkload(context, "qdrant", {
    // The image's own entry point is a script that restarts it in another mode after a crash.
    entrypoint: ["/qdrant/qdrant"],
    args: ["--config-path", document.path, ...clusterArguments(context)],
    ...(isCluster(config) && { replicaNameVariable: REPLICA.name }),
    env: {
      // Without its document it would start all the same, open to everyone in plaintext (src/settings.rs
      // of v1.19.0 only logs it). With these it looks for certificates that are not there, and ends.
      QDRANT__SERVICE__ENABLE_TLS: "true",
      QDRANT__SERVICE__VERIFY_HTTPS_CLIENT_CERTIFICATE: "true",
      // It notes there that it has started; beside the program, its default, nothing can be written.
      QDRANT_INIT_FILE_PATH: `${layout.scratch}/qdrant-initialized`,
    },
    secretFiles: [document],
    storage: { path: layout.data, ownedByImage: true },
    writable: [layout.scratch],
    probe: {
      // Its health path wants a client certificate, and the image has no TLS client: this shows
      // that it listens; that it serves, the verification shows.
      kind: "exec",
      command: ["bash", "-c", `exec 3<>/dev/tcp/127.0.0.1/${layout.listen("rest")}`],
    },
    dialledProbe: { kind: "tcp", listener: "rest" },
    stopGrace: 60,
    // `p2p` reads its certificate once, on either side (src/tonic/mod.rs: "TTL not supported").
    reload: isCluster(config) ? "restart" : "watch",
  });
}
