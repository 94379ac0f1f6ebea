import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { rootCertificates } from "node:tls";
import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import type { Bytes, Place } from "./place";
import { asked, connection } from "./s3";

type Environment = Readonly<Record<string, string | undefined>>;

/** Bytes of a piece of an upload: S3 takes 10,000 of them, and three are in memory. */
const PIECE = 64 * 2 ** 20;

/** Bucket and prefix of `s3://BUCKET/PREFIX`. @throws {Error} if it has no prefix. */
export function bucketOf(name: string): { bucket: string; prefix: string } {
  const [, bucket, prefix] = /^s3:\/\/([a-z0-9][a-z0-9.-]+)\/([^/].*?)\/*$/i.exec(name) ?? [];
  if (bucket === undefined) {
    throw new Error(
      `${name} is not s3://BUCKET/PREFIX; each backup has a prefix of its own. Nothing was changed.`,
    );
  }
  return { bucket, prefix: `${prefix}/` };
}

/**
 * What the client is given besides what it takes from the usual variables and profiles itself: what
 * AWS's own tools know, and the client for JavaScript does not.
 *
 * @throws {Error} for an endpoint without TLS.
 */
export function clientOptions(environment: Environment): S3ClientConfig {
  const endpoint = environment.AWS_ENDPOINT_URL_S3 ?? environment.AWS_ENDPOINT_URL;
  const region = environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION;
  const bundle = environment.AWS_CA_BUNDLE;
  if (endpoint !== undefined && !/^https:\/\//i.test(endpoint)) {
    throw new Error(
      `The endpoint ${endpoint} of S3 is not spoken to over TLS (https://). Nothing was changed.`,
    );
  }
  return {
    // Servers of one's own have no name for each bucket, and mind no region.
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true, region: "us-east-1" }),
    ...(region !== undefined && { region }),
    ...connection(
      bundle === undefined ? undefined : [...rootCertificates, readFileSync(bundle, "utf8")],
    ),
  };
}

/**
 * A backup under a prefix of a bucket.
 *
 * @param piece bytes of a piece of an upload. Default: 64 MiB, which takes files of 625 GiB.
 */
export async function bucketPlace(
  name: string,
  { environment = process.env, piece = PIECE }: { environment?: Environment; piece?: number } = {},
): Promise<Place> {
  const { bucket, prefix } = bucketOf(name);
  const options = clientOptions(environment);
  // They take a second to load, which no other command has to wait for.
  const s3 = await import("@aws-sdk/client-s3");
  const { Upload } = await import("@aws-sdk/lib-storage");
  const client: S3Client = new s3.S3Client(options);
  const at = (file: string) => ({ Bucket: bucket, Key: `${prefix}${file}` });
  const ask = <T>(what: string, asking: Promise<T>) => asked(name, what, asking);
  /** Ends uploads that were begun of files whose names begin so. */
  const endUploads = async (key: string) => {
    const begun = new s3.ListMultipartUploadsCommand({ Bucket: bucket, Prefix: key });
    const { Uploads = [] } = await ask("listed", client.send(begun));
    for (const { Key, UploadId } of Uploads) {
      const ending = new s3.AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId });
      await ask("written", client.send(ending));
    }
  };
  const list = async () => {
    const pages = s3.paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix });
    const files: string[] = [];
    for await (const { Contents = [] } of pages) {
      for (const { Key = "" } of Contents) if (Key !== prefix) files.push(Key.slice(prefix.length));
    }
    return files;
  };
  return {
    name: `s3://${bucket}/${prefix.slice(0, -1)}`,
    nameOf: (file) => `s3://${bucket}/${prefix}${file}`,
    list: () => ask("listed", list()),
    size: async (file) => {
      try {
        return (await client.send(new s3.HeadObjectCommand(at(file)))).ContentLength;
      } catch (error) {
        if (error instanceof s3.NotFound || error instanceof s3.NoSuchKey) return undefined;
        return ask("read", Promise.reject(error as Error));
      }
    },
    read: async function* (file) {
      const get = new s3.GetObjectCommand(at(file));
      const { Body } = await ask("read", client.send(get));
      yield* Body as Readable as Bytes;
    },
    write: async (file, content, signal) => {
      signal?.throwIfAborted();
      const Body = Readable.from(content, { objectMode: false });
      const upload = new Upload({
        client,
        params: { ...at(file), Body },
        partSize: piece,
        queueSize: 2,
      });
      const abort = () => void upload.abort();
      signal?.addEventListener("abort", abort);
      // The client says no more of it than that the stream broke off.
      let broken: Error | undefined;
      Body.once("error", (error) => (broken = error));
      try {
        await ask("written", upload.done());
      } catch (error) {
        // If that fails too, the next backup to this place does it.
        await endUploads(at(file).Key).catch(() => undefined);
        throw broken ?? error;
      } finally {
        signal?.removeEventListener("abort", abort);
        Body.destroy();
      }
    },
    tidy: () => endUploads(prefix),
  };
}
