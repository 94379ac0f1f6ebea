import "reflect-metadata";
import { KeyObject, randomBytes, webcrypto } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import type { CertificateSpec } from "../../components/pki/certificate-spec";
import { trustedGenerations, type Generations } from "../../components/pki/generations";
import type { Issuer } from "../../components/stack/listeners";
import type { IssuedCertificates } from "../../targets/workload";

/**
 * A whole PKI on disk, issued from the very certificate specifications of the stack, so that the
 * real servers are tested with the certificates that `up` would make.
 */

const EC = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const HOUR = 3600;
const DAY = 86_400;

x509.cryptoProvider.set(webcrypto);

interface Signer {
  certificate: x509.X509Certificate;
  key: webcrypto.CryptoKey;
}

export interface Pki {
  /** Directory of `root.crt`, `services.crt` and `clients.crt`. */
  trust: string;
  /** Directory of `tls.crt` and `tls.key` of an identity. */
  identity(name: string): string;
  /**
   * Issues a leaf anew in place, as a renewal does; as specified, whatever it was before.
   *
   * @returns its serial number, as `getPeerCertificate().serialNumber` spells it.
   */
  reissue(name: string, options?: ReissueOptions): Promise<string>;
  /** Every certificate as it stands there now. */
  issued(): Promise<IssuedCertificates>;
  /**
   * Makes the CAs be those of these generations, as a stack with such options would: the bundles in
   * one step each, and what is issued from now on. Leaves stay as they are.
   */
  become(generations: Generations): Promise<void>;
}

export interface ReissueOptions {
  /** Seconds until it ends. Default: a day. */
  lifetime?: number;
  /** Seconds until it begins. Default: it did so an hour ago. */
  begins?: number;
  /** Who signs it instead of its own issuer: the root itself, whose leaves no listener accepts. */
  issuer?: "root";
}

export interface PkiOptions {
  /** What differs from the specification, by the name of the identity. */
  overrides?: Readonly<Record<string, Partial<CertificateSpec>>>;
}

const keyPair = () => webcrypto.subtle.generateKey(EC, true, ["sign", "verify"]);
// A leading zero byte would be cut off in DER, and serials compared as text would differ.
const serialNumber = () => `4${randomBytes(15).toString("hex").slice(1)}`;

async function issue(
  subject: string,
  publicKey: webcrypto.CryptoKey,
  issuer: { name: string; key: webcrypto.CryptoKey },
  extensions: x509.Extension[],
  { lifetime = DAY, begins = -HOUR }: ReissueOptions = {},
): Promise<x509.X509Certificate> {
  return x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: `CN=${subject}`,
    issuer: issuer.name,
    notBefore: new Date(Date.now() + begins * 1000),
    notAfter: new Date(Date.now() + lifetime * 1000),
    publicKey: publicKey,
    signingKey: issuer.key,
    signingAlgorithm: EC,
    extensions,
  });
}

async function authority(subject: string, signedBy?: Signer): Promise<Signer> {
  const { publicKey, privateKey } = await keyPair();
  const issuer = signedBy
    ? { name: signedBy.certificate.subject, key: signedBy.key }
    : { name: `CN=${subject}`, key: privateKey };
  const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
  const certificate = await issue(subject, publicKey, issuer, [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
    await x509.AuthorityKeyIdentifierExtension.create(signedBy?.certificate.publicKey ?? publicKey),
  ]);
  return { certificate, key: privateKey };
}

function leafExtensions(spec: CertificateSpec): x509.Extension[] {
  const purposes = spec.uses.flatMap((use) => {
    if (use === "server_auth") return [x509.ExtendedKeyUsage.serverAuth];
    return use === "client_auth" ? [x509.ExtendedKeyUsage.clientAuth] : [];
  });
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension(purposes),
    new x509.SubjectAlternativeNameExtension([
      ...spec.dnsNames.map((value) => ({ type: "dns" as const, value })),
      ...spec.ipAddresses.map((value) => ({ type: "ip" as const, value })),
    ]),
  ];
}

const pem = (...certificates: x509.X509Certificate[]) =>
  certificates.map((certificate) => `${certificate.toString("pem")}\n`).join("");

const read = (directory: string, file: string) => readFile(join(directory, file), "utf8");

/** Replaces a file in one step: a server that reloads it never reads half of it. */
export async function replaceFile(path: string, content: string): Promise<void> {
  await writeFile(`${path}.new`, content, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/**
 * Issues root, the two issuers and every leaf into `directory`: `trust/{root,services,clients}.crt`
 * and `identity/<name>/{tls.crt,tls.key}`, keys in SEC1 as the stack's provider writes them.
 */
export async function issuePki(
  directory: string,
  specs: readonly CertificateSpec[],
  { overrides = {} }: PkiOptions = {},
): Promise<Pki> {
  type Authorities = Record<Issuer | "root", Signer>;
  const made = new Map<number, Authorities>();
  const generationOf = async (generation: number): Promise<Authorities> => {
    const known = made.get(generation);
    if (known) return known;
    // The first without a number: it is the only one of most tests.
    const suffix = generation === 1 ? "" : ` g${generation}`;
    const root = await authority(`tracekeep root${suffix}`);
    const services = await authority(`tracekeep services${suffix}`, root);
    const applications = await authority(`tracekeep applications${suffix}`, root);
    const fresh = { root, services, applications };
    made.set(generation, fresh);
    return fresh;
  };
  const trust = join(directory, "trust");
  let issuers: Authorities;
  const become = async (generations: Generations): Promise<void> => {
    issuers = await generationOf(generations.generation);
    const trusted: Authorities[] = [];
    for (const one of trustedGenerations(generations)) trusted.push(await generationOf(one));
    const bundle = (...of: (keyof Authorities)[]) =>
      pem(...trusted.flatMap((one) => of.map((ca) => one[ca].certificate)));
    await replaceFile(join(trust, "root.crt"), bundle("root"));
    await replaceFile(join(trust, "services.crt"), bundle("services"));
    await replaceFile(join(trust, "clients.crt"), bundle("services", "applications"));
  };
  await mkdir(trust, { recursive: true });
  await become({ generation: 1 });

  const identity = (name: string) => join(directory, "identity", name);
  const give = async (
    name: string,
    changes: Partial<CertificateSpec> = {},
    options: ReissueOptions = {},
  ): Promise<string> => {
    const stated = specs.find((spec) => spec.name === name);
    if (!stated) throw new Error(`no certificate specification is named "${name}"`);
    const spec = { ...stated, ...changes };
    const issuer = issuers[options.issuer ?? spec.issuer];
    const { publicKey, privateKey } = await keyPair();
    const leaf = await issue(
      spec.name,
      publicKey,
      { name: issuer.certificate.subject, key: issuer.key },
      leafExtensions(spec),
      options,
    );
    const key = KeyObject.from(privateKey).export({ type: "sec1", format: "pem" });
    await mkdir(identity(name), { recursive: true });
    await replaceFile(join(identity(name), "tls.key"), String(key));
    await replaceFile(join(identity(name), "tls.crt"), pem(leaf, issuer.certificate));
    return leaf.serialNumber.toUpperCase();
  };
  for (const { name } of specs) await give(name, overrides[name]);
  const issued = async (): Promise<IssuedCertificates> => {
    const leaves = specs.map(async ({ name }) => [name, await read(identity(name), "tls.crt")]);
    return {
      root: await read(trust, "root.crt"),
      issuers: await read(trust, "clients.crt"),
      leaves: Object.fromEntries(await Promise.all(leaves)) as IssuedCertificates["leaves"],
    };
  };
  return { trust, identity, reissue: (name, options) => give(name, {}, options), issued, become };
}
