/** Secrets that the stack generates, once, and keeps with its data. */
export const GENERATED_SECRETS = [
  "grafanaAdminPassword",
  "grafanaSecretKey",
  "qdrantApiKey",
  "qdrantReadOnlyKey",
] as const;

/** Secrets that come from the configuration. */
export const CONFIGURED_SECRETS = [
  "tempoS3AccessKeyId",
  "tempoS3SecretAccessKey",
  "lokiS3AccessKeyId",
  "lokiS3SecretAccessKey",
  "deadMansSwitchUrl",
  "grafanaOidcClientSecret",
  "grafanaDatabasePassword",
] as const;

/** The secret that is the address of a receiver of alerts, by the receiver's name. */
export const receiverUrl = (name: string) => `alertReceiverUrl/${name}` as const;

export type ReceiverUrl = ReturnType<typeof receiverUrl>;

/** Key of the certificate that a cluster's way in to Grafana shows, where the options have one. */
export const ROUTE_KEY = "grafanaRouteKey";

export type SecretName =
  | (typeof GENERATED_SECRETS)[number]
  | (typeof CONFIGURED_SECRETS)[number]
  | typeof ROUTE_KEY
  | ReceiverUrl;
