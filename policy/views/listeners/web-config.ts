import { group, textOf } from "../document";
import type { OpenedListener } from "./listener";

/** The listener of Prometheus or Alertmanager; keys: exporter-toolkit's web configuration. */
export function webListeners(content: unknown): OpenedListener[] {
  const tls = group(content, "tls_server_config");
  const served = tls.cert_file !== undefined && tls.key_file !== undefined;
  const asked =
    tls.client_ca_file !== undefined && tls.client_auth_type === "RequireAndVerifyClientCert";
  return [
    {
      name: "tls_server_config",
      // It stands on the command line.
      port: undefined,
      loopback: false,
      security: !served ? "plaintext" : asked ? "mtls" : "tls",
      modern: served
        ? tls.min_version === undefined || /^TLS1[23]$/.test(textOf(tls.min_version))
        : undefined,
    },
  ];
}
