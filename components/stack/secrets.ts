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
] as const;

/** The secret that is the address of a receiver of alerts, by the receiver's name. */
export const receiverUrl = (name: string) => `alertReceiverUrl/${name}` as const;

export type ReceiverUrl = ReturnType<typeof receiverUrl>;

export type SecretName =
  (typeof GENERATED_SECRETS)[number] | (typeof CONFIGURED_SECRETS)[number] | ReceiverUrl;
