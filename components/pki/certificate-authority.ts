import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { Secret } from "../../config/secret";
import type { TrustBundle } from "../../targets/target";
import type { Issuer } from "../stack/listeners";
import { trustedGenerations, type Generations } from "./generations";

const HOUR = 3600;
const CA_USES = ["cert_signing", "crl_signing"];

export interface CertificateAuthorityArgs {
  /** Start of the common names. */
  prefix: string;
  /** Lifetime of the root and the issuers, in seconds, whole hours. */
  lifetime: number;
  /** Lifetime of the leaves, in seconds, whole hours: no leaf may outlive its issuer. */
  leafLifetime: number;
  generations: Generations;
  /** The user's own CA in place of a generated root, by its generation. */
  own?: Readonly<Record<number, OwnCa>>;
}

export interface OwnCa {
  certificate: string;
  privateKey: Secret;
}

/** A certificate of a CA, and the key that signs with it. */
export interface SigningPair {
  certificate: pulumi.Output<string>;
  key: pulumi.Output<string>;
}

type Generation = Record<"root" | Issuer, SigningPair>;

/** PEM texts one after the other, each ending with one line break. */
export function joinPem(...pems: pulumi.Input<string>[]): pulumi.Output<string> {
  return pulumi.all(pems).apply((texts) => texts.map((text) => `${text.trim()}\n`).join(""));
}

/**
 * One root and the two issuers under it, for each generation. Clients verify servers against the
 * roots; servers verify clients against issuers, so that an application's certificate opens only
 * what accepts its issuer.
 */
export class CertificateAuthority extends pulumi.ComponentResource {
  /** Bundles with every generation. */
  readonly trust: TrustBundle;
  readonly #signing: Generation;

  constructor(
    name: string,
    args: CertificateAuthorityArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super("tracekeep:index:CertificateAuthority", name, {}, opts);
    const trusted = trustedGenerations(args.generations).map(
      (generation) => [generation, this.#generation(args, generation)] as const,
    );
    this.#signing = new Map(trusted).get(args.generations.generation)!;
    const bundle = (...of: (keyof Generation)[]) =>
      joinPem(...trusted.flatMap(([, one]) => of.map((ca) => one[ca].certificate)));
    this.trust = {
      root: bundle("root"),
      services: bundle("services"),
      clients: bundle("services", "applications"),
    };
    this.registerOutputs({ trust: this.trust });
  }

  /** What signs the leaves of an issuer. */
  signer(issuer: Issuer): SigningPair {
    return this.#signing[issuer];
  }

  #generation(args: CertificateAuthorityArgs, generation: number): Generation {
    const validity = {
      validityPeriodHours: args.lifetime / HOUR,
      // Renewed while it is sure to outlive every leaf that it can still sign.
      earlyRenewalHours: Math.min(args.leafLifetime / HOUR + 1, args.lifetime / HOUR - 1),
    };
    const key = (name: string) =>
      new tls.PrivateKey(
        `${name}-g${generation}`,
        { algorithm: "ECDSA", ecdsaCurve: "P256" },
        { parent: this },
      ).privateKeyPem;
    // A generation in the name: two CAs of one name and different keys confuse chain building.
    const subject = (name: string) => ({
      commonName: `tracekeep ${args.prefix} ${name} g${generation}`,
      organization: "tracekeep",
    });

    const root = (): SigningPair => {
      const own = args.own?.[generation];
      if (own) {
        return {
          certificate: pulumi.output(own.certificate),
          key: pulumi.secret(own.privateKey.reveal()),
        };
      }
      const privateKeyPem = key("root");
      const certificate = new tls.SelfSignedCert(
        `root-g${generation}`,
        {
          privateKeyPem,
          subject: subject("root"),
          isCaCertificate: true,
          // The issuers get no length of their own: the provider drops a 0. This 1 allows them and no CA below.
          maxPathLength: 1,
          setSubjectKeyId: true,
          setAuthorityKeyId: true,
          allowedUses: CA_USES,
          ...validity,
        },
        { parent: this },
      );
      return { certificate: certificate.certPem, key: privateKeyPem };
    };
    const signer = root();

    const issuer = (name: Issuer): SigningPair => {
      const privateKeyPem = key(name);
      const request = new tls.CertRequest(
        `${name}-g${generation}`,
        { privateKeyPem, subject: subject(name) },
        { parent: this },
      );
      const certificate = new tls.LocallySignedCert(
        `${name}-g${generation}`,
        {
          certRequestPem: request.certRequestPem,
          caPrivateKeyPem: signer.key,
          caCertPem: signer.certificate,
          isCaCertificate: true,
          setSubjectKeyId: true,
          allowedUses: CA_USES,
          ...validity,
        },
        { parent: this },
      );
      return { certificate: certificate.certPem, key: privateKeyPem };
    };
    return { root: signer, services: issuer("services"), applications: issuer("applications") };
  }
}
