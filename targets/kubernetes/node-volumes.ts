import type { input as inputs } from "@pulumi/kubernetes/types";
import type { Workload } from "../workload";
import { DATA } from "./claims";
import type { Cluster } from "./cluster";

const directoryName = (index: number) => `host-${index}`;

/** Directories of the node: those that are read, and the one in which storage is kept on it. */
export function nodeVolumes(
  { namespace }: Cluster,
  { name, hostDirectories = [], perHost, storage }: Workload,
): inputs.core.v1.Volume[] {
  return [
    ...hostDirectories.map((path, index) => ({
      name: directoryName(index),
      // One that is not there is a mistake in the options, not a directory to be made.
      hostPath: { path, type: "Directory" },
    })),
    ...(perHost && storage
      ? [
          {
            name: DATA,
            hostPath: { path: `/var/lib/${namespace}/${name}`, type: "DirectoryOrCreate" },
          },
        ]
      : []),
  ];
}

/** Where the directories that are read appear. */
export const nodeMounts = ({ hostDirectories = [] }: Workload): inputs.core.v1.VolumeMount[] =>
  hostDirectories.map((mountPath, index) => ({
    name: directoryName(index),
    mountPath,
    readOnly: true,
  }));
