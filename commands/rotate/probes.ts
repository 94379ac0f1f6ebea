import { X509Certificate } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { listenersOf } from "../../components/stack/listeners";
import { attempt } from "../../components/verification/attempt";
import { splitHostPort, type Address, type Identity } from "../../components/verification/client";
import { servedCertificate } from "../../components/verification/served";
import type { VerificationTarget } from "../../components/verification/target";
import type { ServiceName } from "../../config/services";

/** A published listener that speaks TLS. */
interface Published {
  /** `tempo http`. */
  name: string;
  address: Address;
  listener: ReturnType<typeof listenersOf>[string];
}

function publishedListeners({ endpoints, tls }: VerificationTarget): Published[] {
  return Object.entries(endpoints).flatMap(([service, addresses = {}]) => {
    const listeners = listenersOf(service as ServiceName);
    return Object.entries(addresses)
      .filter(([name]) => name in listeners && listeners[name].security !== "plaintext")
      .map(([name, hostPort]) => ({
        name: `${service} ${name}`,
        address: { ...splitHostPort(hostPort), serverName: service, root: tls.root },
        listener: listeners[name],
      }));
  });
}

/** Whether a certificate was signed by the issuer that stands behind a leaf in its chain. */
function isOfIssuer(certificate: X509Certificate, chain: string): boolean {
  const [, issuer] =
    chain.match(/-----BEGIN CERTIFICATE-----[^]+?-----END CERTIFICATE-----/g) ?? [];
  return issuer !== undefined && certificate.verify(new X509Certificate(issuer).publicKey);
}

/** Published listeners that do not serve a certificate of the issuer that signed the operator's. */
export async function servingOthers(target: VerificationTarget): Promise<string[]> {
  const { operator } = target;
  const asked = publishedListeners(target).map(async ({ name, address, listener }) => {
    const served = await servedCertificate(address, listener.protocol, operator);
    const isOurs = served instanceof X509Certificate && isOfIssuer(served, operator.certificate);
    return isOurs ? [] : [name];
  });
  return (await Promise.all(asked)).flat();
}

/** How long what is refreshed in place may take, in milliseconds, a kubelet's round included. */
const RENEWED_WITHIN = 300_000;

/**
 * Waits until every published listener serves certificates of the CA that signs, and then as long
 * as those may take that are not seen: what is not published, what dials, and further replicas.
 *
 * @param unseen milliseconds from what is seen first to what is seen last.
 * @throws {Error} that names those that do not.
 */
export async function waitUntilServed(
  target: VerificationTarget,
  unseen: number,
  { within = RENEWED_WITHIN, interval = 2000 } = {},
): Promise<void> {
  const end = Date.now() + within;
  for (;;) {
    const others = await servingOthers(target);
    if (others.length === 0) break;
    if (Date.now() + interval > end) {
      throw new Error(
        `After ${within / 1000} s these still serve a certificate of the old CA: ${others.join(", ")}.\n` +
          "Look at their logs; a restart makes them read it.",
      );
    }
    await pause(interval);
  }
  await pause(unseen);
}

/**
 * Published listeners that do not refuse a client's certificate of before.
 *
 * @throws {Error} if one does not serve who comes with a new one: it would refuse anybody.
 */
export async function servingBefore(
  target: VerificationTarget,
  before: Identity,
): Promise<string[]> {
  const results = publishedListeners(target)
    .filter(({ listener }) => listener.security === "mtls")
    .map(async ({ name, address, listener }) => {
      const ask = (identity: Identity) => attempt(address, listener.protocol, { identity });
      if ((await ask(target.operator)) !== "served") {
        throw new Error(`${name} does not serve a client with a new certificate.`);
      }
      return (await ask(before)) === "served" ? [name] : [];
    });
  return (await Promise.all(results)).flat();
}
