import { at, group } from "../document";
import type { OpenedListener } from "./listener";

/** Port of Qdrant's between peers where none is said (`cluster.p2p.port`). */
const PEER_PORT = 6335;

/** Listeners of Qdrant; keys: its `config/config.yaml`. Its TLS library knows nothing older than 1.2. */
export function qdrantListeners(content: unknown): OpenedListener[] {
  const service = group(content, "service");
  const tls = group(content, "tls");
  const served = tls.cert !== undefined && tls.key !== undefined;
  const { http_port: rest, grpc_port: grpc } = service as Record<string, number | null | undefined>;
  const loopback = service.host === "127.0.0.1";
  const enabled = service.enable_tls === true && served;
  const asked = service.verify_https_client_certificate === true && tls.ca_cert !== undefined;
  const peers = group(content, "cluster", "p2p");
  const peerTls = peers.enable_tls === true && served;
  return [
    ...(typeof rest === "number"
      ? [
          {
            name: "service.http_port",
            port: rest,
            loopback,
            security: !enabled ? "plaintext" : asked ? "mtls" : "tls",
            modern: enabled ? true : undefined,
          } as const,
        ]
      : []),
    // It never asks for a certificate. Left out, the image's own file opens it.
    ...(grpc === null
      ? []
      : [
          {
            name: "service.grpc_port",
            port: grpc ?? 6334,
            loopback,
            security: enabled ? "tls" : "plaintext",
            modern: enabled ? true : undefined,
          } as const,
        ]),
    ...(at(content, "cluster", "enabled") === true
      ? [
          {
            name: "cluster.p2p",
            port: typeof peers.port === "number" ? peers.port : PEER_PORT,
            loopback: false,
            security: !peerTls ? "plaintext" : tls.ca_cert === undefined ? "tls" : "mtls",
            modern: peerTls ? true : undefined,
          } as const,
        ]
      : []),
  ];
}
