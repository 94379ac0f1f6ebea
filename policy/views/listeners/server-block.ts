import { at, group, textOf, type Node } from "../document";
import type { OpenedListener } from "./listener";
import { addressOf } from "./listener";
import { endpointsBelow } from "./otlp";

/** The `server` block of Tempo and Loki; keys: dskit's `server.Config`. */
function blockListeners(server: Node, name: string): OpenedListener[] {
  return (["http", "grpc"] as const).flatMap((protocol): OpenedListener[] => {
    const port = server[`${protocol}_listen_port`];
    if (typeof port !== "number") return [];
    const address = textOf(server[`${protocol}_listen_address`]) || "0.0.0.0";
    const tls = group(server, `${protocol}_tls_config`);
    const served = tls.cert_file !== undefined && tls.key_file !== undefined;
    const asked =
      tls.client_ca_file !== undefined && tls.client_auth_type === "RequireAndVerifyClientCert";
    return [
      {
        name: `${name}.${protocol}`,
        ...addressOf(`${address}:${port}`),
        security: !served ? "plaintext" : asked ? "mtls" : "tls",
        modern: served
          ? ["VersionTLS12", "VersionTLS13"].includes(textOf(server.tls_min_version))
          : undefined,
      },
    ];
  });
}

/** Listeners of a document of Tempo's or Loki's, intakes included. */
export function serverListeners(content: unknown): OpenedListener[] {
  const internal = group(content, "internal_server");
  return [
    ...blockListeners(group(content, "server"), "server"),
    ...(internal.enable === true ? blockListeners(internal, "internal_server") : []),
    ...endpointsBelow(at(content, "distributor", "receivers"), "distributor.receivers"),
  ];
}
