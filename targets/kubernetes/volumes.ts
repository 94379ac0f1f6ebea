import type { input as inputs } from "@pulumi/kubernetes/types";
import { DIRECTORIES } from "../container-layout";
import type { Workload } from "../workload";
import { DATA } from "./claims";
import type { Text } from "./objects";

type Volume = inputs.core.v1.Volume;
type Mount = inputs.core.v1.VolumeMount;

/** Names of the objects that a pod mounts; those with a hash of their content are known late. */
export interface MountedNames {
  trust: inputs.core.v1.ConfigMapVolumeSource["name"];
  config?: inputs.core.v1.ConfigMapVolumeSource["name"];
  secrets?: inputs.core.v1.SecretVolumeSource["secretName"];
  /** Hashes of what is refreshed in place, but read only at the start. */
  readOnce?: Record<string, Text>;
}

/** Name of the Secret of an identity. It is constant: a renewal refreshes it in place. */
export const identitySecret = (certificate: string): string => `${certificate}-identity`;

/** Key of a file in a ConfigMap or Secret, whose keys know no directories. */
export const keyOf = (path: string, directory: string): string =>
  path.slice(directory.length + 1).replaceAll("/", "__");

const items = (paths: readonly string[], directory: string) =>
  paths.map((path) => ({ key: keyOf(path, directory), path: path.slice(directory.length + 1) }));

/** A file is readable by its owner, root, and by the pod's group. */
const MODE = 0o440;

const scratchName = (index: number) => `scratch-${index}`;

/** The configuration documents of a pod: those of the Workload, and of what stands beside it. */
export const filesOf = ({ files, beside = [] }: Workload) => [
  ...files,
  ...beside.flatMap((other) => other.files),
];

export function volumesOf(workload: Workload, names: MountedNames): Volume[] {
  const { secretFiles, identities, writable } = workload;
  const files = filesOf(workload);
  const { config, secrets } = DIRECTORIES;
  return [
    ...(files.length === 0
      ? []
      : [
          {
            name: "config",
            configMap: {
              name: names.config,
              items: items(
                files.map(({ path }) => path),
                config,
              ),
            },
          },
        ]),
    ...(secretFiles.length === 0
      ? []
      : [
          {
            name: "secrets",
            secret: {
              secretName: names.secrets,
              defaultMode: MODE,
              items: items(
                secretFiles.map(({ path }) => path),
                secrets,
              ),
            },
          },
        ]),
    ...identities.map(({ certificate }) => ({
      name: identitySecret(certificate),
      secret: { secretName: identitySecret(certificate), defaultMode: MODE },
    })),
    { name: "trust", configMap: { name: names.trust } },
    ...writable.map((_, index) => ({
      name: scratchName(index),
      emptyDir: { medium: "Memory", sizeLimit: "64Mi" },
    })),
  ];
}

export function mountsOf({ files, secretFiles, identities, writable, storage }: Workload): Mount[] {
  const { config, secrets, trust } = DIRECTORIES;
  const readOnly = (name: string, mountPath: string) => ({ name, mountPath, readOnly: true });
  return [
    ...(files.length === 0 ? [] : [readOnly("config", config)]),
    ...(secretFiles.length === 0 ? [] : [readOnly("secrets", secrets)]),
    // Whole directories: a single file mounted by `subPath` would never be refreshed.
    ...identities.map(({ certificate, directory }) =>
      readOnly(identitySecret(certificate), directory),
    ),
    readOnly("trust", trust),
    ...writable.map((mountPath, index) => ({ name: scratchName(index), mountPath })),
    ...(storage ? [{ name: DATA, mountPath: storage.path }] : []),
  ];
}

/** What a container beside a Workload's own has of the pod: documents, and the data to look at. */
export const mountsBeside = (beside: Workload, { storage }: Workload): Mount[] => [
  ...mountsOf(beside),
  ...(storage ? [{ name: DATA, mountPath: storage.path, readOnly: true }] : []),
];
