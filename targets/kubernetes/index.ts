import * as k8s from "@pulumi/kubernetes";
import type { StackConfig } from "../../config/parse";
import type { Target } from "../target";
import { clusterOf, headlessName, replicaName, type Cluster } from "./cluster";
import { KubernetesDeployer } from "./deployer";
import { kubernetesLayout } from "./layout";

/** Names of a service inside the cluster, and of each of its pods where there are more. */
function serverNames({ namespace, options }: Cluster, service: string, replicas: number): string[] {
  const qualified = (name: string) => [
    `${name}.${namespace}.svc`,
    `${name}.${namespace}.svc.${options.clusterDomain}`,
  ];
  const pods = Array.from(
    { length: replicas > 1 ? replicas : 0 },
    (_, index) => `${replicaName(service, index)}.${headlessName(service)}`,
  );
  return [...qualified(service), ...pods, ...pods.flatMap(qualified)];
}

/** The stack as pods of one namespace. */
export function kubernetesTarget(config: StackConfig): Target {
  const cluster = clusterOf(config);
  const { kubeconfig, context } = config.kubernetes;
  return {
    layout: kubernetesLayout,
    remote: { kind: "kubernetes", kubeconfig, context, namespace: cluster.namespace },
    serverNames: (service, replicas) => serverNames(cluster, service, replicas),
    deployer: (materials, { parent }) =>
      new KubernetesDeployer({
        cluster,
        provider: new k8s.Provider(
          "cluster",
          {
            ...(kubeconfig !== undefined && { kubeconfig }),
            ...(context !== undefined && { context }),
            namespace: cluster.namespace,
            // Else a renewed certificate would be another Secret, and restart every pod.
            enableSecretMutable: true,
            // Those whose name says their content never do; that of a route's CA is constant.
            enableConfigMapMutable: true,
            // The namespace stays with its claims when the stack goes, and is taken up again.
            upsertExistingObjects: true,
          },
          { parent },
        ),
        protect: config.volumes.protect,
        materials,
        parent,
      }),
  };
}
