import type { ConnectionOptions, SecureVersion } from "node:tls";
import { OPERATOR, VERIFICATION } from "../../components/pki/certificate-spec";
import type { Listener } from "../../components/stack/listeners";
import type { Pki } from "./pki";
import { attempt, clientIdentity, rootCertificate } from "./refusals";

type Outcome = "served" | "refused";
interface Identity {
  cert: string;
  key: string;
}

/** Who dials a listener, each with the chain that it would show. */
export interface Dialers {
  /** The stack's root, with which the server's chain is checked. */
  root: string;
  foreignRoot: string;
  services: Identity;
  applications: Identity;
  /** Of another CA, whose names are all the same. */
  foreign: readonly Identity[];
  /** Of the right issuers, and over. */
  expired: readonly Identity[];
  /** Signed by the root itself: the right CA, and none of its issuers. */
  otherIssuer: readonly Identity[];
}

/** What a listener did. */
export interface Observation {
  plaintext: Outcome;
  /** Versions of TLS that it spoke, of 1.0 to 1.3. */
  versions: string[];
  /** Its chain ends at the stack's root and at no other. */
  chain: boolean;
  /** Its certificate has the service's name and not another service's. */
  name: boolean;
  none: Outcome;
  services: Outcome;
  applications: Outcome;
  foreign: Outcome;
  expired: Outcome;
  otherIssuer: Outcome;
}

const VERSIONS = { TLSv1: "1.0", "TLSv1.1": "1.1", "TLSv1.2": "1.2", "TLSv1.3": "1.3" } as const;

/** Identities of every kind, made of a PKI and of a foreign one; leaves the PKI as it was. */
export async function dialersOf(pki: Pki, foreign: Pki): Promise<Dialers> {
  const names = [OPERATOR, VERIFICATION];
  const identities = () => names.map((name) => clientIdentity(pki, name));
  const reissued = async (options: Parameters<Pki["reissue"]>[1]) => {
    for (const name of names) await pki.reissue(name, options);
    return identities();
  };
  const expired = await reissued({ lifetime: -60 });
  const otherIssuer = await reissued({ issuer: "root" });
  const [services, applications] = await reissued({});
  return {
    ...{ root: rootCertificate(pki), foreignRoot: rootCertificate(foreign) },
    ...{ services, applications, expired, otherIssuer },
    foreign: names.map((name) => clientIdentity(foreign, name)),
  };
}

/** Dials a listener in every way and tells what came of each. */
export async function observe(
  port: number,
  { protocol }: Pick<Listener, "protocol">,
  names: { own: string; other: string },
  dialers: Dialers,
): Promise<Observation> {
  const ask = async (tls: ConnectionOptions | undefined): Promise<Outcome> =>
    (await attempt(port, { protocol }, tls)).served ? "served" : "refused";
  const as = (identity: object, more: ConnectionOptions = {}) =>
    ask({ ca: dialers.root, servername: names.own, ...identity, ...more });
  /** Refused where each is. */
  const anyOf = async (identities: readonly Identity[]) => {
    const outcomes = await Promise.all(identities.map((identity) => as(identity)));
    return outcomes.includes("served") ? "served" : "refused";
  };
  const versions: string[] = [];
  for (const [version, shown] of Object.entries(VERSIONS)) {
    const only = version as SecureVersion;
    // OpenSSL itself refuses the old ones at its usual level.
    const ciphers = "DEFAULT@SECLEVEL=0";
    const outcome = await as(dialers.services, { minVersion: only, maxVersion: only, ciphers });
    if (outcome === "served") versions.push(shown);
  }
  const services = await as(dialers.services);
  const withForeignRoot = await as(dialers.services, { ca: dialers.foreignRoot });
  const underOtherName = await as(dialers.services, { servername: names.other });
  return {
    plaintext: await ask(undefined),
    versions,
    chain: services === "served" && withForeignRoot === "refused",
    name: services === "served" && underOtherName === "refused",
    none: await as({}),
    services,
    applications: await as(dialers.applications),
    foreign: await anyOf(dialers.foreign),
    expired: await anyOf(dialers.expired),
    otherIssuer: await anyOf(dialers.otherIssuer),
  };
}

/** What a listener must do, by its row of the connection table. */
export function expected({ security, accepts }: Listener): Observation {
  const when = (condition: boolean): Outcome => (condition ? "served" : "refused");
  const isTls = security !== "plaintext";
  const toAnybody = when(security === "tls");
  return {
    plaintext: when(!isTls),
    versions: isTls ? ["1.2", "1.3"] : [],
    chain: isTls,
    name: isTls,
    none: toAnybody,
    services: when(security === "tls" || accepts.includes("services")),
    applications: when(security === "tls" || accepts.includes("applications")),
    foreign: toAnybody,
    expired: toAnybody,
    otherIssuer: toAnybody,
  };
}
