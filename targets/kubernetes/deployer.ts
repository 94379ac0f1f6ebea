import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { contentHash } from "../content-hash";
import type { Grant } from "../grant";
import type { Deployer, Endpoint, Materials } from "../target";
import type { Workload } from "../workload";
import { claimSizes } from "./claims";
import type { Cluster } from "./cluster";
import { grantObjects } from "./grant-objects";
import { namespaceObjects, nodesObjects } from "./namespace";
import type { KubernetesObject, Text } from "./objects";
import { addressesOf } from "./services";
import type { Texts } from "./texts";
import { placed, trustObject, workloadObjects, type Making } from "./workload-objects";

type Constructor = new (
  name: string,
  args: KubernetesObject,
  opts: pulumi.CustomResourceOptions,
) => pulumi.CustomResource;

/** The resource of each kind of object. */
const RESOURCES = {
  Namespace: k8s.core.v1.Namespace,
  ConfigMap: k8s.core.v1.ConfigMap,
  Secret: k8s.core.v1.Secret,
  Service: k8s.core.v1.Service,
  ServiceAccount: k8s.core.v1.ServiceAccount,
  Role: k8s.rbac.v1.Role,
  RoleBinding: k8s.rbac.v1.RoleBinding,
  ClusterRole: k8s.rbac.v1.ClusterRole,
  ClusterRoleBinding: k8s.rbac.v1.ClusterRoleBinding,
  Deployment: k8s.apps.v1.Deployment,
  DaemonSet: k8s.apps.v1.DaemonSet,
  StatefulSet: k8s.apps.v1.StatefulSet,
  NetworkPolicy: k8s.networking.v1.NetworkPolicy,
  Ingress: k8s.networking.v1.Ingress,
  HTTPRoute: k8s.apiextensions.CustomResource,
  TLSRoute: k8s.apiextensions.CustomResource,
  BackendTLSPolicy: k8s.apiextensions.CustomResource,
  PodDisruptionBudget: k8s.policy.v1.PodDisruptionBudget,
  HorizontalPodAutoscaler: k8s.autoscaling.v2.HorizontalPodAutoscaler,
} as unknown as Record<KubernetesObject["kind"], Constructor>;

export interface KubernetesDeployerArgs {
  cluster: Cluster;
  provider: k8s.Provider;
  /** Whether the namespace, and with it the data, is protected from deletion. */
  protect: boolean;
  materials: Materials;
  /** Parent of what no single Workload owns. */
  parent?: pulumi.Resource;
}

/** Texts of what is known when the engine has made it. */
const LATE: Texts = {
  derive: (from, make) => pulumi.all([...from]).apply(make),
  name: (from, make) => pulumi.unsecret(pulumi.all([...from]).apply(make)),
};

/**
 * What somebody else set of a field that the stack states is the stack's again with the next `up`; the
 * provider would end with a conflict otherwise.
 */
const TAKEN_BACK = { "pulumi.com/patchForce": "true" };

/** Whether pods are made of it, so that what they mount must be there first. */
const isController = ({ kind }: KubernetesObject) =>
  kind === "StatefulSet" || kind === "Deployment" || kind === "DaemonSet";

/** Logical names of what every namespace has. */
const SHARED: Partial<Record<KubernetesObject["kind"], string>> = {
  Namespace: "namespace",
  NetworkPolicy: "deny-all",
  ConfigMap: "trust",
};

/** Runs Workloads as pods of a namespace, and of another those that see their node. */
export class KubernetesDeployer implements Deployer {
  readonly #namespace: pulumi.Resource[];
  readonly #trust: Text;
  readonly #making: Making;
  #nodes: pulumi.Resource[] | undefined;

  constructor(private readonly args: KubernetesDeployerArgs) {
    const { cluster, materials, protect } = args;
    this.#making = { cluster, materials, texts: LATE };
    const trust = trustObject(this.#making);
    this.#trust = trust.metadata.name;
    // Its end would be the end of the claims: they, and it, outlive `destroy`.
    const retain = { retainOnDelete: true, protect };
    this.#namespace = this.#share("", [...namespaceObjects(cluster), trust], retain);
  }

  /** Makes what all that live in a namespace share, the namespace first. */
  #share(
    prefix: string,
    [namespace, ...rest]: readonly KubernetesObject[],
    opts: pulumi.CustomResourceOptions = {},
  ): pulumi.Resource[] {
    const { parent } = this.args;
    const nameOf = ({ kind }: KubernetesObject) => `${prefix}${SHARED[kind]}`;
    const made = [this.#create(nameOf(namespace), namespace, { parent, ...opts })];
    for (const object of rest) {
      made.push(this.#create(nameOf(object), object, { parent, dependsOn: [...made] }));
    }
    return made;
  }

  /** What a Workload's namespace has; that of the nodes is made for the first who needs it. */
  #placeOf({ perHost }: Workload): pulumi.Resource[] {
    if (!perHost) return this.#namespace;
    const nodes = placed(this.#making, { perHost });
    this.#nodes ??= this.#share("nodes-", [...nodesObjects(nodes.cluster), trustObject(nodes)]);
    return this.#nodes;
  }

  deploy(workload: Workload, opts: pulumi.ComponentResourceOptions): Endpoint {
    const { parent } = opts;
    const { name } = workload;
    const objects = workloadObjects(this.#making, workload, this.#trust);
    const place = this.#placeOf(workload);
    const making = placed(this.#making, workload);
    const mounted = objects
      .filter((object) => !isController(object))
      .map((object) =>
        this.#create(logicalName(making, workload, object), object, { parent, dependsOn: place }),
      );
    const [controller] = objects.filter(isController);
    const waits = [opts.dependsOn ?? []].flat() as pulumi.Input<pulumi.Resource>[];
    const ready = this.#create(name, controller, {
      parent,
      dependsOn: [...mounted, ...waits],
      // They cannot be changed, only made anew; what is there takes its size below.
      ignoreChanges: ["spec.volumeClaimTemplates"],
    });
    if (workload.storage && !workload.perHost)
      this.#sizeClaims(workload, { parent, dependsOn: ready });
    return {
      name,
      ready: [ready],
      instance: pulumi.output(controller).apply(contentHash),
      published: addressesOf(this.args.cluster, workload),
    };
  }

  grant(grant: Grant, { parent }: pulumi.ComponentResourceOptions): void {
    for (const object of grantObjects(this.#making, grant)) {
      const name = `${grant.name}-granted-${object.kind.toLowerCase()}`;
      this.#create(name, object, { parent, dependsOn: this.#namespace });
    }
  }

  /** Claims that are there take another size; one that cannot is an error that says so. */
  #sizeClaims(workload: Workload, opts: pulumi.CustomResourceOptions): void {
    const { cluster, provider } = this.args;
    for (const claim of claimSizes(cluster, workload)) {
      new k8s.core.v1.PersistentVolumeClaimPatch(claim.metadata.name, claim, {
        ...opts,
        provider,
        // The claim is not the stack's to take back: it outlives it.
        retainOnDelete: true,
      });
    }
  }

  #create(
    name: string,
    object: KubernetesObject,
    opts: pulumi.CustomResourceOptions,
  ): pulumi.CustomResource {
    const { metadata } = object;
    const annotations = { ...metadata.annotations, ...TAKEN_BACK };
    const owned = { ...object, metadata: { ...metadata, annotations } } as KubernetesObject;
    return new RESOURCES[object.kind](name, owned, { ...opts, provider: this.args.provider });
  }
}

/** Logical name: the object's own where it is constant, else what its hash follows. */
function logicalName({ cluster }: Making, workload: Workload, object: KubernetesObject): string {
  const {
    kind,
    metadata: { name, namespace = cluster.namespace },
  } = object;
  if (kind === "ConfigMap" && object.immutable) return `${workload.name}-config`;
  if (typeof name !== "string") return `${workload.name}-secrets`;
  // Of those that are left in other namespaces there is one of a name in each.
  const place = namespace === cluster.namespace ? "" : `${namespace}-`;
  return `${place}${name}-${kind.toLowerCase()}`;
}
