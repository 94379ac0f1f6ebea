import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { Workload } from "../workload";
import { oneShot } from "./one-shot";
import { HARDENED, labels, memoryLimit, type Scope } from "./scope";

type Upload = docker.types.input.ContainerUpload;

/** A file as a writer takes it: readable by everyone in the containers that mount it. */
export function upload(file: string, content: pulumi.Input<string>): Upload {
  return { file, content, permissions: "0444" };
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
  /** Files among them that one user alone may read, and an image with busybox. */
  owned?: { files: string[]; user: Workload["user"]; helper: pulumi.Input<string> };
}

export interface MountedFiles {
  mount: docker.types.input.ContainerVolume;
  /** Stand once the files are there. */
  ready: pulumi.Resource[];
}

/**
 * Files in a volume. A container with a read-only root takes no uploads, so another one, created
 * but never started, takes them into the volume. Private ones are readable by everyone who mounts
 * the volume (this one service) until, in the same `up`, they belong to their user alone.
 */
export function fileVolume(
  scope: Scope,
  { name, service, volumeName, directory, image, uploads, owned }: FileVolume,
  parent: pulumi.Resource | undefined,
): MountedFiles {
  const { provider, prefix } = scope;
  const volume = new docker.Volume(
    name,
    { name: volumeName, driver: "local", labels: labels(scope, service) },
    {
      parent,
      provider,
      // A changed label would replace the volume under the containers that mount it.
      ignoreChanges: ["labels"],
      // Else the provider, for the name is given, would have it gone first, and all that mount it before.
      deleteBeforeReplace: false,
    },
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
  const ready: pulumi.Resource[] = [writer];
  if (owned && scope.keyFiles === "owner") {
    const { uid, gid } = owned.user;
    const files = owned.files.join(" ");
    const owner = oneShot(
      scope,
      {
        name: `${name}-owner`,
        service,
        // Not by the upload's own `owner`: daemons before 28 look the writer's user up on the host
        // and refuse one that they do not know. Root's first, for only an owner may change a mode.
        script: `chown 0:0 ${files}; chmod 0400 ${files}; chown ${uid}:${gid} ${files}`,
        image: owned.helper,
        volume: { volumeName: volume.name, containerPath: directory },
        trigger: writer.id,
      },
      parent,
    );
    ready.push(owner);
  }
  return {
    mount: { volumeName: volume.name, containerPath: directory, readOnly: true },
    ready,
  };
}
