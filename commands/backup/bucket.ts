import { Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
import { asked, connection } from "./s3";

/** An object as a bucket lists it. */
export interface Listed {
  /** Without the prefix. */
  name: string;
  bytes: number;
  /** Another one for another content. */
  tag: string;
}

/** What a service keeps in S3: the objects under a prefix. */
export interface Bucket {
  /** For people: `s3 s3.example.com:443/bucket/prefix`. */
  name: string;
  /** Page by page, as it is read. */
  list(): AsyncIterable<Listed>;
  /** An object's content; undefined if it is there no more. */
  read(name: string): Promise<{ bytes: number; content: Readable } | undefined>;
  /** Writes an object, which is there only once it is whole. @param bytes length of a stream. */
  write(name: string, content: Buffer | Readable, bytes: number): Promise<void>;
}

export interface BucketOptions {
  /** For people. */
  name: string;
  /** `host:port`, spoken to over TLS. */
  endpoint: string;
  region: string;
  forcePathStyle: boolean;
  bucket: string;
  /** What all names begin with; may be empty. */
  prefix: string;
  /** Beginnings of names that are another's, without the prefix. */
  except: readonly string[];
  /** PEM certificate of the endpoint's CA. Missing: one that Node trusts. */
  ca?: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** Bytes of a piece of an upload: S3 takes 10,000 of them, and three are in memory. */
const PIECE = 16 * 2 ** 20;
const PIECES = 10_000;

/** Opens a bucket by these options alone, whatever the environment says of S3. */
export async function openBucket(options: BucketOptions): Promise<Bucket> {
  const { name, endpoint, region, forcePathStyle, bucket, prefix, except, ca } = options;
  const { accessKeyId, secretAccessKey } = options;
  // They take a second to load, which no other command has to wait for.
  const s3 = await import("@aws-sdk/client-s3");
  const { Upload } = await import("@aws-sdk/lib-storage");
  const client: S3Client = new s3.S3Client({
    endpoint: `https://${endpoint}`,
    region,
    forcePathStyle,
    credentials: { accessKeyId, secretAccessKey },
    // As the services do, which trust it alone.
    ...connection(ca === undefined ? undefined : [ca]),
  });
  const at = (object: string) => ({ Bucket: bucket, Key: `${prefix}${object}` });
  // Names that end so stand for directories of some programs, and have no content.
  const isOurs = (object: string) =>
    !object.endsWith("/") && !except.some((beginning) => object.startsWith(beginning));
  return {
    name,
    list: async function* () {
      let ContinuationToken: string | undefined;
      do {
        const listing = { Bucket: bucket, Prefix: prefix, ContinuationToken };
        const page = await asked(name, "listed", client.send(new s3.ListObjectsV2Command(listing)));
        for (const { Key = "", Size = 0, ETag = "" } of page.Contents ?? []) {
          const object = Key.slice(prefix.length);
          if (isOurs(object)) yield { name: object, bytes: Size, tag: ETag };
        }
        ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
      } while (ContinuationToken !== undefined);
    },
    read: async (object) => {
      try {
        const { Body, ContentLength } = await client.send(new s3.GetObjectCommand(at(object)));
        return { bytes: ContentLength ?? 0, content: Body as Readable };
      } catch (error) {
        if (error instanceof s3.NoSuchKey) return undefined;
        return asked(`${name}/${object}`, "read", Promise.reject(error as Error));
      }
    },
    write: async (object, content, bytes) => {
      const Body = Buffer.isBuffer(content)
        ? content
        : Readable.from(content, { objectMode: false });
      const upload = new Upload({
        client,
        params: { ...at(object), Body },
        partSize: Math.max(PIECE, Math.ceil(bytes / PIECES)),
        queueSize: 2,
      });
      await asked(`${name}/${object}`, "written", upload.done());
    },
  };
}
