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
  "alertWebhookUrl",
  "grafanaOidcClientSecret",
] as const;

export type SecretName = (typeof GENERATED_SECRETS)[number] | (typeof CONFIGURED_SECRETS)[number];
