import type { X509Certificate } from "node:crypto";
import { connect } from "node:tls";
import type { Address, Identity } from "./client";
import { ALPN } from "./opening";

/** The certificate that a listener serves; undefined without a handshake. Whose it is, is not judged. */
export function servedCertificate(
  { host, port, serverName }: Address,
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
        // Looked at, not trusted: nothing is sent, and what is served may be what is to be found.
        rejectUnauthorized: false,
      },
      () => end(socket.getPeerX509Certificate()),
    );
    socket.setTimeout(5000, () => end());
    socket.once("error", () => end());
    socket.once("close", () => end());
  });
}
