import * as o from "../types";

const store = (what: string, directory: string) =>
  o.section(`Where ${what} are kept.`, {
    kind: o
      .oneOf(
        ["local", "s3"],
        `\`local\`: a volume under ${directory}; \`s3\`: an S3 bucket over TLS.`,
      )
      .prefault("local"),
    bucket: o.text("S3: the bucket. It must exist.").optional(),
    endpoint: o.hostPort("S3: host and port of the endpoint, spoken to over TLS.").optional(),
    region: o.text("S3: the region.").prefault("us-east-1"),
    // Loki takes no other characters (`storage_prefix`).
    prefix: o.objectPrefix("S3: a prefix of all object names in the bucket.").optional(),
    forcePathStyle: o
      .flag("S3: address the bucket in the path, as most servers but AWS want it.")
      .prefault(true),
    accessKeyId: o
      .secret("S3: access key id. Without it, the environment's `AWS_ACCESS_KEY_ID` is taken.")
      .optional(),
    secretAccessKey: o
      .secret("S3: secret access key. Without it, the environment's `AWS_SECRET_ACCESS_KEY`.")
      .optional(),
    ca: o
      .pemCertificate("S3: PEM certificate of the CA that signed the endpoint's, if it is private.")
      .optional(),
  });

export const storage = o.section("Storage of traces and logs.", {
  tempo: store("traces", "/var/tempo"),
  loki: store("logs", "/loki"),
});
