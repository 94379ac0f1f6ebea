import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { issuePki } from "./pki";
import { freePort } from "./ports";
import { ServerProcess } from "./server-process";
import { programPath } from "./servers";

/** An S3 server that speaks TLS, with a CA of its own and one bucket. */
export interface S3Server {
  /** `host:port`. */
  endpoint: string;
  bucket: string;
  /** PEM certificate of its CA. */
  ca: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** Names of the objects in the bucket. */
  objects(): Promise<string[]>;
  stop(): Promise<void>;
}

/** Starts versitygw over a directory. `stop` must follow. */
export async function startS3(bucket: string): Promise<S3Server> {
  const directory = await mkdtemp(join(tmpdir(), "tracekeep-s3-"));
  const pki = await issuePki(directory, [
    {
      name: "s3",
      issuer: "services",
      dnsNames: ["localhost"],
      ipAddresses: ["127.0.0.1"],
      uses: ["digital_signature", "server_auth"],
    },
  ]);
  const data = join(directory, "data");
  await mkdir(join(data, bucket), { recursive: true });
  await mkdir(join(directory, "metadata"));
  const accessKeyId = `key${randomBytes(6).toString("hex")}`;
  const secretAccessKey = randomBytes(18).toString("hex");
  const port = await freePort();
  const server = new ServerProcess({
    name: "versitygw",
    program: programPath("versitygw"),
    args: [
      ...["--port", `127.0.0.1:${port}`, "--quiet"],
      ...["--cert", join(pki.identity("s3"), "tls.crt")],
      ...["--key", join(pki.identity("s3"), "tls.key")],
      ...["posix", "--sidecar", join(directory, "metadata"), data],
    ],
    env: { ROOT_ACCESS_KEY_ID: accessKeyId, ROOT_SECRET_ACCESS_KEY: secretAccessKey },
    directory,
    log: join(directory, "versitygw.log"),
    ports: [port],
    stopGrace: 5000,
  });
  server.start();
  const stop = async () => {
    await server.stop("SIGKILL");
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  await server.listening().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    endpoint: `127.0.0.1:${port}`,
    bucket,
    ca: readFileSync(join(pki.trust, "root.crt"), "utf8"),
    accessKeyId,
    secretAccessKey,
    objects: async () =>
      (await readdir(join(data, bucket), { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(join(data, bucket).length + 1)),
    stop,
  };
}
