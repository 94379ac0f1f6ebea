import type { X509Certificate } from "node:crypto";
import { connect } from "node:tls";
import type { Address, Identity } from "./client";
import { ALPN } from "./opening";

/**
 * The certificate that a listener serves, under the root and for the name asked for, though it may
 * have ended; undefined where it serves no such certificate.
 */
export function servedCertificate(
  { host, port, serverName, root }: Address,
  protocol: keyof typeof ALPN,
  identity?: Identity,
): Promise<X509Certificate | undefined> {
  return new Promise((resolve) => {
    const end = (certificate?: X509Certificate) => {
      socket.destroy();
      resolve(certificate);
    };
    const socket = connect(
      {
        ...{ host, port, servername: serverName, ALPNProtocols: ALPN[protocol] },
        ...{ cert: identity?.certificate, key: identity?.key },
        ca: root,
        // A certificate that has ended is what is to be found; it is judged below, and nothing is sent.
        rejectUnauthorized: false,
      },
      () => {
        const ended = String(socket.authorizationError) === "CERT_HAS_EXPIRED";
        end(socket.authorized || ended ? socket.getPeerX509Certificate() : undefined);
      },
    );
    socket.setTimeout(5000, () => end());
    socket.once("error", () => end());
    socket.once("close", () => end());
  });
}
