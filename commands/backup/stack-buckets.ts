import type { StackConfig } from "../../config/parse";
import { UNREADABLE } from "../../config/types";
import { runPulumi } from "../pulumi";
import { openBucket, type Bucket, type BucketOptions } from "./bucket";
import { bucketText, servicesInS3, type KeepsObjects } from "./stores";

/** What a service of a stack keeps in S3. */
export interface StackBucket {
  service: KeepsObjects;
  bucket: Bucket;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** A service's bucket as the options have it, without the credentials. */
export function bucketOptions(
  { storage }: StackConfig,
  service: KeepsObjects,
): Omit<BucketOptions, "accessKeyId" | "secretAccessKey"> {
  const { endpoint = "", bucket = "", region, forcePathStyle, prefix, ca } = storage[service];
  const other = storage[service === "tempo" ? "loki" : "tempo"];
  const isShared =
    other.kind === "s3" && other.endpoint === endpoint && other.bucket === bucket && !prefix;
  return {
    name: bucketText(storage[service]),
    ...{ endpoint, bucket, region, forcePathStyle, ca },
    prefix: prefix === undefined ? "" : `${prefix}/`,
    // One without a prefix has the other's objects among its own.
    except: isShared && other.prefix !== undefined ? [`${other.prefix}/`] : [],
  };
}

/** A credential as the service has it: of the options, or of the environment where they have none. */
async function credential(
  { stack, storage }: StackConfig,
  service: KeepsObjects,
  key: "accessKeyId" | "secretAccessKey",
  fallback: string | undefined,
): Promise<string> {
  const given = storage[service][key]?.reveal() ?? fallback ?? "";
  if (given !== UNREADABLE) return given;
  const path = `storage.${service}.${key}`;
  const args = ["config", "get", "--path", `tracekeep:${path}`];
  const { code, stdout } = await runPulumi(stack, args, { capture: true });
  if (code !== 0) throw new Error(`The option ${path} could not be decrypted; see above.`);
  return stdout.replace(/\r?\n$/, "");
}

/**
 * Opens buckets of a stack by its own endpoints, CAs and credentials.
 *
 * @param wanted whose. Those that keep nothing in S3 have none.
 */
export async function openStackBuckets(
  config: StackConfig,
  wanted: (service: KeepsObjects) => boolean,
  environment: Environment = process.env,
): Promise<StackBucket[]> {
  const buckets: StackBucket[] = [];
  for (const service of servicesInS3(config).filter(wanted)) {
    const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = environment;
    const accessKeyId = await credential(config, service, "accessKeyId", id);
    const secretAccessKey = await credential(config, service, "secretAccessKey", secret);
    const options = { ...bucketOptions(config, service), accessKeyId, secretAccessKey };
    buckets.push({ service, bucket: await openBucket(options) });
  }
  return buckets;
}

/** Asks each bucket for its first object. @throws {Error} that says which one cannot be listed. */
export async function expectListable(buckets: readonly StackBucket[]): Promise<void> {
  for (const { bucket } of buckets) {
    // Whether there is one does not matter.
    await bucket.list()[Symbol.asyncIterator]().next();
  }
}
