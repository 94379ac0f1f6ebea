/** What is asked of the API server about an object. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
}

/** Plural of a kind, as paths have it. */
const plural = (kind: string): string =>
  kind.toLowerCase().replace(/y$/, "ie").replace(/s$/, "se").concat("s");

/** Path of the objects of a manifest's kind, in its namespace. */
export function collectionOf({ apiVersion, kind, metadata: { namespace } }: Manifest): string {
  const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${group}${namespace === undefined ? "" : `/namespaces/${namespace}`}/${plural(kind)}`;
}

/** Path of one object. */
export const pathOf = (manifest: Manifest): string =>
  `${collectionOf(manifest)}/${manifest.metadata.name}`;

/** Annotation of the storage class that claims without one get. */
const IS_DEFAULT = "storageclass.kubernetes.io/is-default-class";

/** A storage class of volumes that were made beforehand. Its claims may grow, though nothing does it. */
export const storageClass = (name: string, isDefault: boolean) => ({
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name, annotations: { [IS_DEFAULT]: String(isDefault) } },
  provisioner: "kubernetes.io/no-provisioner",
  volumeBindingMode: "WaitForFirstConsumer",
  allowVolumeExpansion: true,
});

/** A volume that holds nothing: nobody mounts it. */
export const persistentVolume = (name: string, storageClassName: string) => ({
  apiVersion: "v1",
  kind: "PersistentVolume",
  metadata: { name },
  spec: {
    capacity: { storage: "64Gi" },
    accessModes: ["ReadWriteOnce"],
    storageClassName,
    persistentVolumeReclaimPolicy: "Retain",
    hostPath: { path: `/nowhere/${name}` },
  },
});

/** A volume of a directory of a node, which the kubelet gives to the group of the pod that mounts it. */
export const localVolume = (name: string, storageClassName: string, path: string, at: string) => ({
  apiVersion: "v1",
  kind: "PersistentVolume",
  metadata: { name },
  spec: {
    capacity: { storage: "64Gi" },
    accessModes: ["ReadWriteOnce"],
    storageClassName,
    persistentVolumeReclaimPolicy: "Retain",
    local: { path },
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [
          {
            matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [at] }],
          },
        ],
      },
    },
  },
});

const ROOM = { cpu: "8", memory: "16Gi", "ephemeral-storage": "16Gi", pods: "50" };

/** A node with room for a few pods; it becomes ready once something speaks for it. */
export const node = (name: string) => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: {
    name,
    labels: { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" },
  },
  status: { allocatable: ROOM, capacity: ROOM },
});
