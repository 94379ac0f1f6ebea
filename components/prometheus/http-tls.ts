import { stringify } from "yaml";
import type { ServiceName } from "../../config/services";
import { tlsFiles, type Layout } from "../../targets/layout";

/**
 * TLS in the spelling that Prometheus and Alertmanager share. Both read the files anew for every
 * connection, on either side, so that a renewed certificate needs no restart.
 */

/** Client side: our certificate, and the root for the server's. */
export function clientTls(layout: Layout, serverName?: string) {
  const { root, certificate, key } = tlsFiles(layout);
  return {
    ca_file: root,
    cert_file: certificate,
    key_file: key,
    ...(serverName !== undefined && { server_name: serverName }),
    min_version: "TLS12",
  };
}

/** Server side: our certificate, and a client's of the issuer *services* demanded. */
export function serverTls(layout: Layout) {
  const { certificate, key, services } = tlsFiles(layout);
  return {
    cert_file: certificate,
    key_file: key,
    client_auth_type: "RequireAndVerifyClientCert",
    client_ca_file: services,
    min_version: "TLS12",
  };
}

/** The web file (`--web.config.file`): mTLS for every path, health and metrics included. */
export function webDocument(layout: Layout): string {
  return stringify({ tls_server_config: serverTls(layout) });
}

/** The client file (`--http.config.file`) with which promtool and amtool ask their own server. */
export function clientDocument(layout: Layout, service: ServiceName): string {
  return stringify({ tls_config: clientTls(layout, service) });
}
