import * as k8s from "@pulumi/kubernetes";
import type { StackConfig } from "../../config/parse";
import type { Target } from "../target";
import { clusterOf } from "./cluster";
import { KubernetesDeployer } from "./deployer";
import { kubernetesLayout } from "./layout";

/** The stack as pods of one namespace. */
export function kubernetesTarget(config: StackConfig): Target {
  const cluster = clusterOf(config);
  const { kubeconfig, context } = config.kubernetes;
  return {
    layout: kubernetesLayout,
    remote: { kind: "kubernetes", kubeconfig, context, namespace: cluster.namespace },
    serverNames: (service) => [
      `${service}.${cluster.namespace}.svc`,
      `${service}.${cluster.namespace}.svc.cluster.local`,
    ],
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
