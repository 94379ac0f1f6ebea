import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../../config/parse";
import type { Endpoint, IdentityMaterial } from "../../targets/target";
import type { Generations } from "../pki/generations";
import { OPERATOR, readerName, VERIFICATION } from "../pki/certificate-spec";
import {
  verificationExpectations,
  type Remote,
  type VerificationTarget,
} from "../verification/target";
import { isEnabled } from "./connections";
import type { Secrets } from "./generated-secrets";

/** What the outputs are made of. */
export interface Deployed {
  endpoints: Readonly<Record<string, Endpoint>>;
  identities: Readonly<Record<string, IdentityMaterial>>;
  secrets: Secrets;
  /** Root certificate(s), PEM. */
  root: pulumi.Output<string>;
  /** How the endpoints are reached, where that is not by dialling them. */
  remote?: Remote;
}

/** A certificate (leaf, then issuer) and its key, PEM. */
export interface KeyPair {
  certificate: string;
  key: string;
}

/** What `env` gives an application. */
export interface ApplicationOutput extends KeyPair {
  /** Certificate that opens what the application `reads`. */
  reader?: KeyPair;
  /** Where it uses Qdrant. */
  qdrantApiKey?: string;
}

export type PublishedEndpoints = Record<string, Record<string, string>>;

/** `host:port` of everything that the host publishes, by service and listener. */
export function publishedEndpoints(
  endpoints: Readonly<Record<string, Endpoint>>,
): PublishedEndpoints {
  return Object.fromEntries(
    Object.entries(endpoints)
      .filter(([, { published }]) => Object.keys(published).length > 0)
      .map(([name, { published }]) => [name, published]),
  );
}

const pair = ({ certificate, key }: IdentityMaterial) => ({ certificate, key });

/** All that the verification needs, a secret as a whole. */
export function verificationOutput(
  config: StackConfig,
  { endpoints, identities, secrets, root, remote }: Deployed,
): pulumi.Output<VerificationTarget> {
  return pulumi.secret({
    ...verificationExpectations(config),
    endpoints: publishedEndpoints(endpoints),
    ...(remote && { remote }),
    tls: { root },
    application: pair(identities[VERIFICATION]),
    operator: pair(identities[OPERATOR]),
    ...(isEnabled(config, "qdrant") && {
      qdrant: { apiKey: secrets.qdrantApiKey, readOnlyKey: secrets.qdrantReadOnlyKey },
    }),
    ...(isEnabled(config, "grafana") && {
      grafana: { user: config.grafana.adminUser, password: secrets.grafanaAdminPassword },
    }),
  });
}

/** What each application needs to connect from outside, by its name. */
export function applicationsOutput(
  { apps }: StackConfig,
  { identities, secrets }: Deployed,
): pulumi.Output<Record<string, ApplicationOutput>> {
  const entries = apps.map(({ name, reads, qdrant }) => [
    name,
    {
      ...pair(identities[name]),
      ...(reads.length > 0 && { reader: pair(identities[readerName(name)]) }),
      ...(qdrant && { qdrantApiKey: secrets.qdrantApiKey }),
    },
  ]);
  return pulumi.secret(Object.fromEntries(entries) as Record<string, ApplicationOutput>);
}

/** What opens the published services to a person. */
export function operatorOutput({
  identities,
  root,
}: Deployed): pulumi.Output<KeyPair & { root: string }> {
  return pulumi.secret({ ...pair(identities[OPERATOR]), root });
}

/** Which CAs the stack trusts and which signs, as deployed: no secret. */
export function generationsOutput({ certificates }: StackConfig): Generations {
  const { generation, alsoTrusted } = certificates;
  return { generation, ...(alsoTrusted !== undefined && { alsoTrusted }) };
}
