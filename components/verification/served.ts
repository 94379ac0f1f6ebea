import type { X509Certificate } from "node:crypto";
import { connect } from "node:tls";
import type { Address, Identity } from "./client";
import { ALPN } from "./opening";

/**
 * The certificate that a listener serves, under the root and for the name asked for: `ended` if it has
 * ended; undefined where it serves no such certificate.
 */
export function servedCertificate(
  { host, port, serverName, root }: Address,
  protocol: keyof typeof ALPN,
  identity?: Identity,
): Promise<X509Certificate | "ended" | undefined> {
  return new Promise((resolve) => {
    const end = (served?: X509Certificate | "ended") => {
      socket.destroy();
      resolve(served);
    };
    const socket = connect(
      {
        ...{ host, port, servername: serverName, ALPNProtocols: ALPN[protocol] },
        ...{ ca: root, cert: identity?.certificate, key: identity?.key },
      },
      () => end(socket.getPeerX509Certificate()),
    );
    socket.setTimeout(5000, () => end());
    socket.once("error", ({ code }: NodeJS.ErrnoException) =>
      end(code === "CERT_HAS_EXPIRED" ? "ended" : undefined),
    );
    socket.once("close", () => end());
  });
}
