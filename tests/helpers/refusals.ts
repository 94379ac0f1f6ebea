import { readFileSync } from "node:fs";
import { connect as connectPlain } from "node:net";
import { join } from "node:path";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { OPERATOR, VERIFICATION } from "../../components/pki/certificate-spec";
import { openListeners } from "../../components/stack/connections";
import type { Listener } from "../../components/stack/listeners";
import { ALPN, open } from "../../components/verification/opening";
import type { ServiceName } from "../../config/services";
import type { Pki } from "./pki";
import type { ProcessStack } from "./process-stack";

/** What came of an attempt: bytes of the application, or the error with which it ended. */
export type Attempt = { served: true } | { served: false; reason: string };

/** A certificate and key of a PKI on disk. */
export function clientIdentity(pki: Pki, name: string): { cert: string; key: string } {
  const read = (file: string) => readFileSync(join(pki.identity(name), file), "utf8");
  return { cert: read("tls.crt"), key: read("tls.key") };
}

export const rootCertificate = (pki: Pki): string =>
  readFileSync(join(pki.trust, "root.crt"), "utf8");

/**
 * Speaks to a listener and waits for an answer: under TLS 1.3 a server refuses a client's
 * certificate only after the client believes the handshake done.
 */
export function attempt(
  port: number,
  listener: Pick<Listener, "protocol">,
  tls: ConnectionOptions | undefined,
): Promise<Attempt> {
  return new Promise((resolve) => {
    const refused = (reason: string) => resolve({ served: false, reason });
    const send = () => open(socket, listener.protocol);
    const socket = tls
      ? connectTls(
          { host: "127.0.0.1", port, ALPNProtocols: ALPN[listener.protocol], ...tls },
          send,
        )
      : connectPlain(port, "127.0.0.1", send);
    socket.setTimeout(5000, () => {
      refused("no answer within 5 s");
      socket.destroy();
    });
    socket.once("data", (data: Buffer) => {
      socket.destroy();
      const alert = !tls && data[0] === 0x15;
      const wantsTls = !tls && /^HTTP\/1\.[01] 400/.test(data.toString("latin1"));
      if (alert || wantsTls) refused(alert ? "TLS alert" : "HTTP 400 of a TLS server");
      else resolve({ served: true });
    });
    socket.once("error", (error: Error) => refused(error.message));
    socket.once("close", () => refused("closed without an answer"));
  });
}

async function outcomes(stack: ProcessStack, service: ServiceName, name: string, of: Listener) {
  const port = stack.port(service, name);
  const trusted = { ca: rootCertificate(stack.pki), servername: service };
  const own = (identity: string) => ({ ...trusted, ...clientIdentity(stack.pki, identity) });
  const attempts: Record<string, ConnectionOptions | undefined> = {
    "the operator's certificate": own(OPERATOR),
    "an application's certificate": own(VERIFICATION),
    "no certificate": trusted,
    "a certificate of another CA": { ...trusted, ...clientIdentity(stack.foreign, OPERATOR) },
    plaintext: undefined,
  };
  const results: [string, string][] = [];
  for (const [who, tls] of Object.entries(attempts)) {
    const result = await attempt(port, of, tls);
    results.push([`${name}, ${who}`, result.served ? "served" : "refused"]);
  }
  return results;
}

/**
 * Expects every mTLS listener of a running service to serve the issuers that the connection table
 * names, and to refuse no certificate, another CA, the wrong issuer and plaintext.
 */
export async function expectRefusals(stack: ProcessStack, service: ServiceName): Promise<void> {
  const listeners = Object.entries(openListeners(stack.config, service)).filter(
    ([, { security }]) => security === "mtls",
  );
  if (listeners.length === 0) throw new Error(`${service} has no listener with mTLS`);
  for (const [name, listener] of listeners) {
    const application = listener.accepts.includes("applications") ? "served" : "refused";
    const actual = await outcomes(stack, service, name, listener);
    expect(Object.fromEntries(actual)).toEqual({
      [`${name}, the operator's certificate`]: "served",
      [`${name}, an application's certificate`]: application,
      [`${name}, no certificate`]: "refused",
      [`${name}, a certificate of another CA`]: "refused",
      [`${name}, plaintext`]: "refused",
    });
  }
}

/** Serial number of the certificate that a listener serves to a new connection. */
export function servedSerial(
  stack: ProcessStack,
  service: ServiceName,
  listener: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls(
      {
        host: "127.0.0.1",
        port: stack.port(service, listener),
        servername: service,
        ca: rootCertificate(stack.pki),
        ...clientIdentity(stack.pki, OPERATOR),
      },
      () => {
        resolve(socket.getPeerCertificate().serialNumber);
        socket.end();
      },
    );
    socket.once("error", reject);
  });
}
