import { createPrivateKey, webcrypto } from "node:crypto";
import { BmpString, OctetString } from "asn1js";
import * as pkijs from "pkijs";

const LOCAL_KEY_ID = "1.2.840.113549.1.9.21";
const FRIENDLY_NAME = "1.2.840.113549.1.9.20";
const CERT_BAG = "1.2.840.113549.1.12.10.1.3";
const SHROUDED_KEY_BAG = "1.2.840.113549.1.12.10.1.2";
/** Rounds of PBKDF2; OWASP asks for as many with SHA-256. */
const ITERATIONS = 600_000;

const ENGINE = new pkijs.CryptoEngine({ name: "node", crypto: webcrypto as never });

function derOfAll(pem: string): ArrayBuffer[] {
  const blocks = pem.matchAll(/-----BEGIN CERTIFICATE-----([\s\S]+?)-----END CERTIFICATE-----/g);
  return [...blocks].map(([, base64]) => new Uint8Array(Buffer.from(base64, "base64")).buffer);
}

/**
 * A PKCS#12 file of a certificate chain and its key, as browsers import it: AES-256 and SHA-256.
 *
 * @param chain leaf, then issuers, PEM.
 */
export async function pkcs12(
  name: string,
  chain: string,
  key: string,
  password: string,
): Promise<Buffer> {
  // What the key and its certificate are matched by.
  const id = new OctetString({ valueHex: new Uint8Array([1]).buffer });
  const attributes = () => [
    new pkijs.Attribute({ type: LOCAL_KEY_ID, values: [id] }),
    new pkijs.Attribute({ type: FRIENDLY_NAME, values: [new BmpString({ value: name })] }),
  ];
  const secret = new TextEncoder().encode(password).buffer;
  const der = createPrivateKey(key).export({ type: "pkcs8", format: "der" });
  const keyBag = new pkijs.PKCS8ShroudedKeyBag({
    parsedValue: pkijs.PrivateKeyInfo.fromBER(new Uint8Array(der).buffer),
  });
  await keyBag.makeInternalValues(
    {
      password: secret,
      // The engine's own types ask for more than it reads.
      contentEncryptionAlgorithm: { name: "AES-CBC", length: 256 } as never,
      hmacHashAlgorithm: "SHA-256",
      iterationCount: ITERATIONS,
    },
    ENGINE,
  );
  const certificates = derOfAll(chain).map(
    (certificate, index) =>
      new pkijs.SafeBag({
        bagId: CERT_BAG,
        bagValue: new pkijs.CertBag({ parsedValue: pkijs.Certificate.fromBER(certificate) }),
        ...(index === 0 && { bagAttributes: attributes() }),
      }),
  );
  const safe = new pkijs.AuthenticatedSafe({
    parsedValue: {
      safeContents: [
        {
          privacyMode: 0,
          value: new pkijs.SafeContents({
            safeBags: [
              new pkijs.SafeBag({
                bagId: SHROUDED_KEY_BAG,
                bagValue: keyBag,
                bagAttributes: attributes(),
              }),
              ...certificates,
            ],
          }),
        },
      ],
    },
  });
  await safe.makeInternalValues({ safeContents: [{}] }, ENGINE);
  const file = new pkijs.PFX({ parsedValue: { integrityMode: 0, authenticatedSafe: safe } });
  await file.makeInternalValues(
    {
      password: secret,
      iterations: ITERATIONS,
      pbkdf2HashAlgorithm: "SHA-256",
      hmacHashAlgorithm: "SHA-256",
    },
    ENGINE,
  );
  return Buffer.from(file.toSchema().toBER(false));
}
