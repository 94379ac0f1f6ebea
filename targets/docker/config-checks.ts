import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Workload } from "../workload";
import { scratch, variables } from "./container";
import type { MountedFiles } from "./files";
import { HARDENED, labels, memoryLimit, type Scope } from "./scope";

const MB = 2 ** 20;

/**
 * The check of every service's files by the program that is to read them: in a container of its
 * image that runs once, with those files, as the service's user, without network and data. No
 * service is replaced before all have passed, so a version that refuses its configuration stops
 * `up` while everything still runs as it did.
 */
export class ConfigChecks {
  readonly #results: Promise<pulumi.Resource>[] = [];
  #passed?: Promise<pulumi.Resource[]>;

  constructor(private readonly scope: Scope) {}

  /** Runs again whenever the image, the files or the command line are others. */
  add(
    workload: Workload,
    image: pulumi.Input<string>,
    files: readonly MountedFiles[],
    parent: pulumi.Resource | undefined,
  ): void {
    const { name, user, limits, configCheck } = workload;
    if (configCheck === undefined) return;
    const { provider, prefix } = this.scope;
    const container = new docker.Container(
      `${name}-config-check`,
      {
        ...HARDENED,
        ...memoryLimit(Math.floor(limits.memory / MB)),
        name: `${prefix}-${name}-config-check`,
        image,
        ...(configCheck.entrypoint && { entrypoints: configCheck.entrypoint }),
        command: configCheck.args,
        envs: variables(workload),
        user: `${user.uid}:${user.gid}`,
        readOnly: true,
        tmpfs: scratch(workload),
        networkMode: "none",
        restart: "no",
        attach: true,
        mustRun: false,
        labels: labels(this.scope, name),
        volumes: files.map(({ mount }) => mount),
      },
      {
        parent,
        provider,
        dependsOn: files.flatMap(({ ready }) => ready),
        replaceOnChanges: ["tmpfs"],
        deleteBeforeReplace: true,
      },
    );
    this.#results.push(this.#result(workload, container));
  }

  /**
   * The checks once all have passed. All Workloads are deployed in one go, so whoever waits for this
   * waits for those of Workloads that are still to be added.
   *
   * @throws {pulumi.RunError} that names the service whose program refuses its files.
   */
  passed(): Promise<pulumi.Resource[]> {
    return (this.#passed ??= Promise.resolve().then(() => Promise.all(this.#results)));
  }

  #result({ name, image }: Workload, container: docker.Container): Promise<pulumi.Resource> {
    // Nothing runs in a preview, and what is not known there never comes.
    if (pulumi.runtime.isDryRun()) return Promise.resolve(container);
    return new Promise((resolve, reject) => {
      // The provider waits for its end, but does not look at the result.
      container.exitCode.apply((code: number | undefined) => {
        if (!code) return resolve(container);
        reject(
          new pulumi.RunError(
            `${name} is left as it is, and so is every other service: ${image} refuses its configuration ` +
              `(see \`docker logs ${this.scope.prefix}-${name}-config-check\`).`,
          ),
        );
      });
    });
  }
}
