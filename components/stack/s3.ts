import type { StorageConfig } from "../../config/schema";
import type { Layout } from "../../targets/layout";
import type { ConfigFile, SecretFile } from "../../targets/workload";
import type { ServiceContext } from "../service";

/** What a service needs besides its own document to keep its data in S3. */
export interface S3Parts {
  files: ConfigFile[];
  secretFiles: SecretFile[];
  env: Record<string, string>;
}

/** Path of the endpoint's private CA; undefined if the system's roots are to be used. */
export function s3CaFile(layout: Layout, storage: StorageConfig): string | undefined {
  return storage.ca === undefined ? undefined : `${layout.config}/s3-ca.crt`;
}

/**
 * CA and credentials of the S3 endpoint. The credentials are a shared-credentials file, which the S3
 * clients of Tempo (minio-go) and Loki (AWS SDK) both read where `AWS_SHARED_CREDENTIALS_FILE` says,
 * so that no secret stands in a document or in the environment.
 */
export function s3Parts({ config, layout }: ServiceContext, service: "tempo" | "loki"): S3Parts {
  const storage = config.storage[service];
  if (storage.kind === "local") return { files: [], secretFiles: [], env: {} };
  const caFile = s3CaFile(layout, storage);
  const credentials = `${layout.secrets}/s3-credentials`;
  return {
    files: caFile === undefined ? [] : [{ path: caFile, content: storage.ca ?? "" }],
    secretFiles: [
      {
        path: credentials,
        secrets: [`${service}S3AccessKeyId`, `${service}S3SecretAccessKey`],
        render: ([id, key]) =>
          `[default]\naws_access_key_id = ${id}\naws_secret_access_key = ${key}\n`,
      },
    ],
    env: { AWS_SHARED_CREDENTIALS_FILE: credentials },
  };
}
