import { stringify } from "yaml";
import type { StackConfig } from "../../config/parse";
import type { Grant } from "../grant";
import type { Workload } from "../workload";
import { clusterOf, type Cluster } from "./cluster";
import { grantObjects } from "./grant-objects";
import { namespaceObjects } from "./namespace";
import type { KubernetesObject } from "./objects";
import { NAMED, NAMED_MATERIALS } from "./texts";
import { stackObjects } from "./workload-objects";

/** Certificates by name, for what tells of each of them. */
function materialsOf(workloads: readonly Workload[], grants: readonly Grant[]) {
  const names = [
    ...workloads.flatMap(({ identities }) => identities.map(({ certificate }) => certificate)),
    ...grants.flatMap(({ files }) =>
      files.flatMap(({ content }) => ("certificate" in content ? [content.certificate] : [])),
    ),
  ];
  return {
    ...NAMED_MATERIALS,
    identities: Object.fromEntries(names.map((name) => [name, NAMED_MATERIALS.identities[name]])),
  };
}

/**
 * Manifests of a stack by file name, one a resource. Certificates and secrets appear by name only.
 */
export function manifests(
  config: StackConfig,
  workloads: readonly Workload[],
  grants: readonly Grant[] = [],
): ReadonlyMap<string, string> {
  const cluster = clusterOf(config);
  const making = { cluster, materials: materialsOf(workloads, grants), texts: NAMED };
  const objects = [
    ...stackObjects(making, namespaceObjects(cluster), withoutLiveFiles(workloads)),
    ...grants.flatMap((grant) => grantObjects(making, grant)),
  ];
  return new Map(
    objects.map((object) => [
      fileOf(cluster, object),
      stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }),
    ]),
  );
}

/** Name of an object's file. Namespaces have some of the same name. */
function fileOf({ main }: Cluster, { kind, metadata: { name, namespace } }: KubernetesObject) {
  const place = namespace === undefined || namespace === main ? "" : `${namespace}.`;
  // In a rendering every name is known.
  return `${place}${name as string}.${kind.toLowerCase()}.yaml`;
}

/** What is made of certificates cannot be made of their names: in its place stands what it is. */
const withoutLiveFiles = (workloads: readonly Workload[]): Workload[] =>
  workloads.map((workload) => ({
    ...workload,
    identities: workload.identities.map(({ liveFiles = [], ...identity }) => ({
      ...identity,
      liveFiles: liveFiles.map(({ path }) => ({ path, render: () => "# made of certificates\n" })),
    })),
  }));
