import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { StackConfig } from "../../config/parse";
import type { Secret } from "../../config/secret";
import type { CONFIGURED_SECRETS } from "./secrets";
import {
  GENERATED_SECRETS,
  receiverUrl,
  ROUTE_KEY,
  type ReceiverUrl,
  type SecretName,
} from "./secrets";

type Generated = (typeof GENERATED_SECRETS)[number];
type Configured = (typeof CONFIGURED_SECRETS)[number];

/** Characters of each: 24 are typed by people, 40 give more than 200 bits. */
const LENGTH: Record<Generated, number> = {
  grafanaAdminPassword: 24,
  grafanaSecretKey: 40,
  qdrantApiKey: 40,
  qdrantReadOnlyKey: 40,
};

/**
 * Secrets that the stack makes once. Each is made even while its service is off, and protected, so
 * that it stays as long as the data that was written with it, `destroy` included.
 */
export class GeneratedSecrets extends pulumi.ComponentResource {
  readonly values: Readonly<Record<Generated, pulumi.Output<string>>>;

  constructor(name: string, opts: pulumi.ComponentResourceOptions = {}) {
    super("tracekeep:index:GeneratedSecrets", name, {}, opts);
    const entries = GENERATED_SECRETS.map((secret) => {
      const password = new random.RandomPassword(
        secret,
        { length: LENGTH[secret], special: false },
        { parent: this, protect: true },
      );
      return [secret, password.result] as const;
    });
    this.values = Object.fromEntries(entries) as Record<Generated, pulumi.Output<string>>;
    this.registerOutputs();
  }
}

/**
 * Secrets of the configuration; S3 credentials that it leaves out come from the environment.
 *
 * @param environment the environment variables of the process.
 */
export function configuredSecrets(
  { storage, alerts, grafana, kubernetes }: StackConfig,
  environment: Readonly<Record<string, string | undefined>>,
): Record<Configured | typeof ROUTE_KEY | ReceiverUrl, pulumi.Output<string>> {
  const text = (option: Secret | undefined, variable?: string) =>
    pulumi.secret(option?.reveal() ?? (variable && environment[variable]) ?? "");
  return {
    tempoS3AccessKeyId: text(storage.tempo.accessKeyId, "AWS_ACCESS_KEY_ID"),
    tempoS3SecretAccessKey: text(storage.tempo.secretAccessKey, "AWS_SECRET_ACCESS_KEY"),
    lokiS3AccessKeyId: text(storage.loki.accessKeyId, "AWS_ACCESS_KEY_ID"),
    lokiS3SecretAccessKey: text(storage.loki.secretAccessKey, "AWS_SECRET_ACCESS_KEY"),
    deadMansSwitchUrl: text(alerts.deadMansSwitch?.url),
    grafanaOidcClientSecret: text(grafana.oidc?.clientSecret),
    grafanaDatabasePassword: text(grafana.database?.password),
    [ROUTE_KEY]: text(kubernetes.routes.grafana.https?.ingress?.tls?.privateKey),
    ...Object.fromEntries(
      alerts.receivers.map(({ name, url }) => [receiverUrl(name), text(url)] as const),
    ),
  };
}

/** Every secret that a Workload may name. */
export type Secrets = Readonly<Record<SecretName, pulumi.Output<string>>>;
