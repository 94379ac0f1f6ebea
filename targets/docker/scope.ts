import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../../config/parse";

/** What every resource of one stack on one Docker host shares. */
export interface Scope {
  /** Start of every container's, volume's and network's name. */
  prefix: string;
  /** Name of the stack, for labels. */
  stack: string;
  /** How key files become readable to their service alone. */
  keyFiles: StackConfig["docker"]["keyFiles"];
  /** Whether data volumes are protected from deletion. */
  protect: boolean;
  provider: docker.Provider;
  /** Parent of what no single Workload owns. */
  parent?: pulumi.Resource;
}

/** Labels of a container, volume or network, sorted by name. */
export function labels(
  { stack }: Scope,
  name: string,
  more: Record<string, pulumi.Input<string>> = {},
) {
  const all: Record<string, pulumi.Input<string>> = {
    "tracekeep.stack": stack,
    "tracekeep.service": name,
    ...more,
  };
  return Object.keys(all)
    .sort()
    .map((label) => ({ label, value: all[label] }));
}

/** What every container has, whether it runs or not. */
export const HARDENED = {
  capabilities: { drops: ["ALL"] },
  securityOpts: ["no-new-privileges:true"],
  init: false,
  // Both always: without them the daemon's own defaults show up as a change at each `up`.
  logDriver: "json-file",
  logOpts: { "max-file": "3", "max-size": "10m" },
} satisfies Partial<docker.ContainerArgs>;

/** Memory (MB) without swap: swap left out would be a change at each `up`. */
export function memoryLimit(megabytes: number) {
  return { memory: megabytes, memorySwap: megabytes };
}

/** The resources of a `dependsOn` option as a list. */
export function waitsFor({
  dependsOn = [],
}: pulumi.ComponentResourceOptions): pulumi.Input<pulumi.Resource>[] {
  return [dependsOn].flat() as pulumi.Input<pulumi.Resource>[];
}
