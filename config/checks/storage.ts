import type { Problem } from "../parse";
import type { Check } from "./check";

/** S3 has all it needs, and nothing is said of S3 where it is not used. */
export const s3Complete: Check = ({ storage }, environment) => {
  const problems: Problem[] = [];
  for (const [service, options] of Object.entries(storage)) {
    const path = `storage.${service}`;
    if (options.kind === "local") {
      for (const key of [
        "bucket",
        "endpoint",
        "prefix",
        "accessKeyId",
        "secretAccessKey",
        "ca",
      ] as const) {
        if (options[key] === undefined) continue;
        problems.push({
          path: `${path}.${key}`,
          message: `has no meaning with kind "local"; set ${path}.kind: s3 or leave it out`,
        });
      }
      continue;
    }
    for (const key of ["bucket", "endpoint"] as const) {
      if (options[key] === undefined)
        problems.push({ path: `${path}.${key}`, message: `expected a value: kind "s3" needs it` });
    }
    const credentials = [
      ["accessKeyId", "AWS_ACCESS_KEY_ID"],
      ["secretAccessKey", "AWS_SECRET_ACCESS_KEY"],
    ] as const;
    for (const [key, variable] of credentials) {
      if (options[key] === undefined && !environment[variable]) {
        problems.push({
          path: `${path}.${key}`,
          message: `expected a secret here, or ${variable} in the environment`,
        });
      }
    }
  }
  const { tempo, loki } = storage;
  const shared =
    tempo.kind === "s3" &&
    loki.kind === "s3" &&
    tempo.bucket === loki.bucket &&
    tempo.endpoint === loki.endpoint;
  if (shared && tempo.bucket !== undefined && tempo.prefix === loki.prefix) {
    problems.push({
      path: "storage.loki.prefix",
      message: `expected a bucket or a prefix other than Tempo's: both would write to the same place`,
    });
  }
  return problems;
};
