import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { createHash } from "node:crypto";
import type { Workload } from "../workload";
import { HARDENED, labels, memoryLimit, type Scope } from "./scope";

type Upload = docker.types.input.ContainerUpload;

/** Twelve hexadecimal digits that change with the content. */
export function contentHash(content: unknown): string {
  return createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 12);
}

/** A file that everyone in the container may read. */
export function publicFile(file: string, content: pulumi.Input<string>): Upload {
  return { file, content, permissions: "0444" };
}

/**
 * A file that its service alone can read: by its owner, or, where uploads have none, because no
 * other container mounts its volume.
 */
export function privateFile(
  scope: Scope,
  { uid, gid }: Workload["user"],
  file: string,
  content: pulumi.Input<string>,
): Upload {
  if (scope.keyFiles === "volume") return publicFile(file, content);
  return { file, content, owner: String(uid), group: String(gid), permissions: "0400" };
}

export interface FileVolume {
  /** Logical name, and name of the writer behind the prefix. */
  name: string;
  /** What the labels call it. */
  service: string;
  /** Physical name. With a hash of the content a change is a new volume; without, it is in place. */
  volumeName: pulumi.Input<string>;
  directory: string;
  image: pulumi.Input<string>;
  uploads: Upload[];
}

export interface MountedFiles {
  mount: docker.types.input.ContainerVolume;
  /** Stands once the files are there. */
  writer: docker.Container;
}

/**
 * Files in a volume. A container with a read-only root takes no uploads, so another one, created
 * but never started, takes them into the volume.
 */
export function fileVolume(
  scope: Scope,
  { name, service, volumeName, directory, image, uploads }: FileVolume,
  parent: pulumi.Resource | undefined,
): MountedFiles {
  const { provider, prefix } = scope;
  const volume = new docker.Volume(
    name,
    { name: volumeName, driver: "local", labels: labels(scope, service) },
    // A changed label would replace the volume under the containers that mount it.
    { parent, provider, ignoreChanges: ["labels"] },
  );
  const writer = new docker.Container(
    `${name}-writer`,
    {
      ...HARDENED,
      ...memoryLimit(64),
      name: `${prefix}-${name}-writer`,
      image,
      start: false,
      mustRun: false,
      restart: "no",
      networkMode: "none",
      labels: labels(scope, service),
      volumes: [{ volumeName: volume.name, containerPath: directory }],
      uploads,
    },
    { parent, provider, deleteBeforeReplace: true },
  );
  return {
    mount: { volumeName: volume.name, containerPath: directory, readOnly: true },
    writer,
  };
}
