import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { IdentityMaterial } from "../../targets/target";
import { joinPem, type CertificateAuthority } from "./certificate-authority";
import type { CertificateSpec } from "./certificate-spec";

const HOUR = 3600;

export interface IdentityArgs {
  spec: CertificateSpec;
  authority: CertificateAuthority;
  /** In seconds, whole hours. */
  lifetime: number;
  /** Renewed at the first `up` this long before the end; in seconds, whole hours. */
  renewBefore: number;
}

/** A leaf certificate and its key. */
export class Identity extends pulumi.ComponentResource implements IdentityMaterial {
  readonly certificate: pulumi.Output<string>;
  readonly key: pulumi.Output<string>;

  constructor(name: string, args: IdentityArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("tracekeep:index:Identity", name, {}, opts);
    const { spec, authority } = args;
    const signer = authority.signer(spec.issuer);
    const key = new tls.PrivateKey(
      name,
      { algorithm: "ECDSA", ecdsaCurve: "P256" },
      { parent: this },
    );
    const request = new tls.CertRequest(
      name,
      {
        privateKeyPem: key.privateKeyPem,
        subject: { commonName: spec.name, organization: "tracekeep" },
        dnsNames: spec.dnsNames,
        ipAddresses: spec.ipAddresses,
      },
      { parent: this },
    );
    const leaf = new tls.LocallySignedCert(
      name,
      {
        certRequestPem: request.certRequestPem,
        caPrivateKeyPem: signer.key,
        caCertPem: signer.certificate,
        allowedUses: spec.uses,
        validityPeriodHours: args.lifetime / HOUR,
        earlyRenewalHours: args.renewBefore / HOUR,
      },
      { parent: this },
    );
    this.certificate = joinPem(leaf.certPem, signer.certificate);
    // PKCS#8: the one form that every TLS library reads.
    this.key = key.privateKeyPemPkcs8;
    this.registerOutputs({ certificate: this.certificate });
  }
}
