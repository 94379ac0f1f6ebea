import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import * as path from "node:path";
import type { StackConfig } from "../../config/parse";

type DockerConfig = StackConfig["docker"];

/**
 * The directory of `ca.pem`, `cert.pem` and `key.pem` that the provider wants. It is made of links,
 * so that the key itself never enters the provider's arguments, which the state keeps in clear.
 */
function certificateDirectory(tls: NonNullable<DockerConfig["tls"]>): string {
  const files = {
    "ca.pem": path.resolve(tls.caFile),
    "cert.pem": path.resolve(tls.certFile),
    "key.pem": path.resolve(tls.keyFile),
  };
  const hash = createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 12);
  const directory = path.resolve(".tracekeep", `docker-tls-${hash}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (const [name, file] of Object.entries(files)) {
    const link = path.join(directory, name);
    if (lstatSync(link, { throwIfNoEntry: false })) rmSync(link);
    symlinkSync(file, link);
  }
  return directory;
}

/** The provider of the configured Docker host; the ambient `DOCKER_HOST` has no say. */
export function dockerProvider(
  { host, sshOptions, tls }: DockerConfig,
  opts: pulumi.CustomResourceOptions,
): docker.Provider {
  return new docker.Provider(
    "docker",
    {
      host,
      ...(sshOptions.length > 0 && { sshOpts: sshOptions }),
      ...(tls && { certPath: certificateDirectory(tls) }),
    },
    opts,
  );
}
