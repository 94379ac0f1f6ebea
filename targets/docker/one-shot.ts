import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { HARDENED, labels, memoryLimit, type Scope } from "./scope";

export interface OneShot {
  /** Logical name, and the container's name behind the prefix. */
  name: string;
  /** What the labels call it. */
  service: string;
  /** Script of busybox' shell. */
  script: string;
  /** Image with busybox. */
  image: pulumi.Input<string>;
  volume: docker.types.input.ContainerVolume;
  /** Runs again whenever it changes. */
  trigger?: pulumi.Input<string>;
}

/**
 * Sets owners and modes in a volume: root with the one capability for it, no network, nothing else
 * to write to. It runs to its end before the service starts, and stays as the mark that it did.
 */
export function oneShot(
  scope: Scope,
  { name, service, script, image, volume, trigger }: OneShot,
  parent: pulumi.Resource | undefined,
): docker.Container {
  const { provider, prefix } = scope;
  const container = new docker.Container(
    name,
    {
      ...HARDENED,
      ...memoryLimit(64),
      name: `${prefix}-${name}`,
      image,
      entrypoints: ["sh", "-ec"],
      command: [script],
      user: "0:0",
      capabilities: { adds: ["CAP_CHOWN"], drops: ["ALL"] },
      readOnly: true,
      networkMode: "none",
      restart: "no",
      attach: true,
      mustRun: false,
      labels: labels(scope, service, trigger === undefined ? {} : { "tracekeep.trigger": trigger }),
      volumes: [volume],
    },
    { parent, provider, deleteBeforeReplace: true },
  );
  // The provider waits for its end, but does not look at the result.
  container.exitCode.apply((code: number | undefined) => {
    if (code) throw new pulumi.RunError(`${prefix}-${name} failed: see \`docker logs\` of it`);
  });
  return container;
}
