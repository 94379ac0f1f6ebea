import "reflect-metadata";
import { webcrypto } from "node:crypto";
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { Identity } from "./client";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** A client certificate of a CA that nobody trusts, made anew: what must be refused everywhere. */
export async function strangersIdentity(name: string): Promise<Identity> {
  cryptoProvider.set(webcrypto);
  const authority = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const own = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const dates = {
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + 3_600_000),
  };
  const root = await X509CertificateGenerator.createSelfSigned({
    ...dates,
    name: "CN=a CA that nobody trusts",
    keys: authority,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
    ],
  });
  const leaf = await X509CertificateGenerator.create({
    ...dates,
    subject: `CN=${name}`,
    issuer: root.subject,
    publicKey: own.publicKey,
    signingKey: authority.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
    ],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", own.privateKey));
  const lines = key.toString("base64").replace(/(.{64})/g, "$1\n");
  return {
    certificate: `${leaf.toString("pem")}\n`,
    key: `-----BEGIN PRIVATE KEY-----\n${lines.trim()}\n-----END PRIVATE KEY-----\n`,
  };
}
