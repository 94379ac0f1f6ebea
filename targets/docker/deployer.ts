import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { issuedOf } from "../issued";
import type { Deployer, Endpoint, Materials } from "../target";
import type { IdentityMount, SecretFile, Workload } from "../workload";
import { ConfigChecks } from "./config-checks";
import { containerArgs } from "./container";
import { dataVolume } from "./data";
import { contentHash } from "../content-hash";
import { fileVolume, upload, type MountedFiles } from "./files";
import type { Images } from "./images";
import { DIRECTORIES } from "../container-layout";
import type { Networks } from "./networks";
import { waitsFor, type Scope } from "./scope";

type Parent = pulumi.Resource | undefined;

export interface DockerDeployerArgs {
  scope: Scope;
  images: Images;
  networks: Networks;
  /** Reference of an image with `chown` that the stack has anyway. */
  helper: string;
  materials: Materials;
  /** `host:port` at which what is bound to an address is reached on the host. */
  reach: (bind: string, port: number) => string;
}

/** What one container of a Workload has besides its files. */
interface ContainerPlace {
  parent: Parent;
  volumes: docker.types.input.ContainerVolume[];
  dependsOn: pulumi.Input<pulumi.Resource>[];
}

/** Runs Workloads as containers. */
export class DockerDeployer implements Deployer {
  readonly #trust: MountedFiles;
  readonly #checks: ConfigChecks;

  constructor(private readonly args: DockerDeployerArgs) {
    const { scope, images, helper, materials } = args;
    this.#checks = new ConfigChecks(scope);
    const bundles = Object.entries(materials.trust) as [string, pulumi.Output<string>][];
    const hash = pulumi.all(bundles.map(([, pem]) => pem)).apply(contentHash);
    this.#trust = fileVolume(
      scope,
      {
        name: "trust",
        service: "trust",
        volumeName: pulumi.interpolate`${scope.prefix}-trust-${hash}`,
        directory: DIRECTORIES.trust,
        image: images.of(helper),
        uploads: bundles.map(([name, pem]) => upload(`${DIRECTORIES.trust}/${name}.crt`, pem)),
      },
      scope.parent,
    );
  }

  deploy(workload: Workload, opts: pulumi.ComponentResourceOptions): Endpoint {
    const { scope, images, helper, reach } = this.args;
    const { parent } = opts;
    const { name, storage } = workload;
    const data = storage && dataVolume(scope, workload, storage, images.of(helper), parent);
    const container = this.#container(workload, {
      parent,
      volumes: data ? [data.mount] : [],
      dependsOn: [...(data?.ready ?? []), ...waitsFor(opts)],
    });
    // After it: the first who mounts a fresh volume decides whose it is.
    const beside = (workload.beside ?? []).map((other) =>
      this.#container(other, {
        parent,
        volumes: data ? [{ ...data.mount, readOnly: true }] : [],
        dependsOn: [container],
      }),
    );
    const published = workload.ports.flatMap(({ name: listener, publish }) =>
      publish ? [[listener, reach(publish.bind, publish.port)] as const] : [],
    );
    return {
      name,
      ready: [container, ...beside],
      instance: container.id,
      published: Object.fromEntries(published),
    };
  }

  #container(workload: Workload, { parent, volumes, dependsOn }: ContainerPlace): docker.Container {
    const { scope, images, networks } = this.args;
    const image = images.of(workload.image);
    const files = [
      ...this.#config(workload, image, parent),
      ...this.#secrets(workload, image, parent),
      ...workload.identities.map((mount) => this.#identity(workload, mount, image, parent)),
      this.#trust,
    ];
    this.#checks.add(workload, image, files, parent);
    const waits: Promise<pulumi.Input<pulumi.Resource>[]> = this.#checks
      .passed()
      .then((checks) => [...checks, ...files.flatMap(({ ready }) => ready), ...dependsOn]);
    return new docker.Container(
      workload.name,
      containerArgs(scope, workload, {
        image,
        networks: workload.zones.map((zone) => networks.of(zone).name),
        volumes: [...files.map(({ mount }) => mount), ...volumes],
        labels: this.#restartLabels(workload),
      }),
      {
        parent,
        provider: scope.provider,
        dependsOn: waits,
        // The provider reports a change of these as done without doing it. Names and ports are
        // taken, so the old container has to go first.
        replaceOnChanges: ["healthcheck", "init", "mounts", "tmpfs"],
        deleteBeforeReplace: true,
      },
    );
  }

  #config({ name, files }: Workload, image: pulumi.Input<string>, parent: Parent): MountedFiles[] {
    if (files.length === 0) return [];
    const { scope } = this.args;
    return [
      fileVolume(
        scope,
        {
          name: `${name}-config`,
          service: name,
          volumeName: `${scope.prefix}-${name}-config-${contentHash(files)}`,
          directory: DIRECTORIES.config,
          image,
          uploads: files.map(({ path, content }) => upload(path, content)),
        },
        parent,
      ),
    ];
  }

  #secrets(workload: Workload, image: pulumi.Input<string>, parent: Parent): MountedFiles[] {
    const { name, secretFiles } = workload;
    if (secretFiles.length === 0) return [];
    const { scope } = this.args;
    const contents = secretFiles.map((file) => this.#rendered(file));
    // Unwrapped: a truncated hash tells nothing of a key, and a name cannot be a secret.
    const hash = pulumi.unsecret(pulumi.all(contents).apply(contentHash));
    return [
      fileVolume(
        scope,
        {
          name: `${name}-secrets`,
          service: name,
          volumeName: pulumi.interpolate`${scope.prefix}-${name}-secrets-${hash}`,
          directory: DIRECTORIES.secrets,
          image,
          uploads: secretFiles.map(({ path }, index) => upload(path, contents[index])),
          owned: this.#owned(
            workload,
            secretFiles.map(({ path }) => path),
          ),
        },
        parent,
      ),
    ];
  }

  #rendered({ secrets, render }: SecretFile): pulumi.Output<string> {
    const values = secrets.map((secret) => this.args.materials.secrets[secret]);
    return pulumi.secret(pulumi.all(values).apply((texts) => render(texts)));
  }

  /** The container carries nothing of the certificate: its renewal replaces the writer alone. */
  #identity(
    workload: Workload,
    { certificate, directory, liveFiles = [] }: IdentityMount,
    image: pulumi.Input<string>,
    parent: Parent,
  ): MountedFiles {
    const { scope } = this.args;
    const material = this.#material(certificate);
    return fileVolume(
      scope,
      {
        name: `${certificate}-identity`,
        service: workload.name,
        volumeName: `${scope.prefix}-${certificate}-identity`,
        directory,
        image,
        uploads: [
          upload(`${directory}/tls.crt`, material.certificate),
          upload(`${directory}/tls.key`, material.key),
          ...liveFiles.map(({ path, render }) =>
            upload(path, issuedOf(this.args.materials).apply(render)),
          ),
        ],
        owned: this.#owned(workload, [`${directory}/tls.key`]),
      },
      parent,
    );
  }

  #owned({ user }: Workload, files: string[]) {
    const { images, helper } = this.args;
    return { files, user, helper: images.of(helper) };
  }

  #material(certificate: string) {
    const material = this.args.materials.identities[certificate];
    if (material === undefined) throw new Error(`there is no certificate "${certificate}"`);
    return material;
  }

  /** Labels by which a renewal restarts what can take a certificate in no other way. */
  #restartLabels({ identities }: Workload): Record<string, pulumi.Output<string>> {
    return Object.fromEntries(
      identities
        .filter(({ reload }) => reload === "restart")
        .map(({ certificate }) => [
          `tracekeep.identity.${certificate}`,
          this.#material(certificate).certificate.apply(contentHash),
        ]),
    );
  }
}
