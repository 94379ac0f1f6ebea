import type { Grant } from "../grant";
import { applicationLabels, type Cluster } from "./cluster";
import { grantName, grantVariables } from "./grant-objects";

/** Name of the volume in the patched pod. */
const VOLUME = "tracekeep";

/**
 * A strategic merge patch that gives the pods of a Deployment what a grant left for them. It names
 * the Secret and the ConfigMap and holds nothing of either. Variables stand one by one, for the
 * list `envFrom` of the container would be replaced as a whole.
 *
 * @param container the container that gets them; another one would be added under a wrong name.
 */
export function grantPatch(cluster: Cluster, grant: Grant, container: string) {
  const name = grantName(cluster, grant);
  return {
    spec: {
      template: {
        metadata: { labels: applicationLabels(cluster, grant.name) },
        spec: {
          containers: [
            {
              name: container,
              // No value: one that the container has set itself would stand beside the source.
              env: grantVariables(cluster, grant).map(([key]) => ({
                name: key,
                value: null,
                valueFrom: { configMapKeyRef: { name, key } },
              })),
              // The whole directory: a single file mounted by `subPath` would never be refreshed.
              volumeMounts: [{ name: VOLUME, mountPath: grant.directory, readOnly: true }],
            },
          ],
          // Readable to whatever user the pod has; who does not mount it cannot see it.
          volumes: [{ name: VOLUME, secret: { secretName: name, defaultMode: 0o444 } }],
        },
      },
    },
  };
}
