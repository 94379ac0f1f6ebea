import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { Workload } from "../workload";
import { oneShot } from "./one-shot";
import { labels, type Scope } from "./scope";

export interface DataVolume {
  mount: docker.types.input.ContainerVolume;
  /** Stand once the service's user may write to it. */
  ready: pulumi.Resource[];
}

/**
 * The volume of a Workload's data. It outlives `destroy`, and nothing but its name can replace it:
 * for the provider a label is reason enough to throw a volume away.
 *
 * @param helper image with `chown`, for a directory that the service's own image does not ship.
 */
export function dataVolume(
  scope: Scope,
  { name, user }: Workload,
  storage: NonNullable<Workload["storage"]>,
  helper: pulumi.Input<string>,
  parent: pulumi.Resource | undefined,
): DataVolume {
  const { provider, prefix, protect } = scope;
  const volume = new docker.Volume(
    `${name}-data`,
    { name: `${prefix}-${name}-data`, driver: "local", labels: labels(scope, name) },
    {
      parent,
      provider,
      protect,
      retainOnDelete: true,
      ignoreChanges: ["labels", "driverOpts"],
    },
  );
  const mount = { volumeName: volume.name, containerPath: storage.path };
  if (storage.ownedByImage) return { mount, ready: [] };
  const owner = oneShot(
    scope,
    {
      name: `${name}-data-owner`,
      service: name,
      script: `chown ${user.uid}:${user.gid} ${storage.path}`,
      image: helper,
      volume: mount,
    },
    parent,
  );
  return { mount, ready: [owner] };
}
