import type { input as inputs } from "@pulumi/kubernetes/types";
import type * as pulumi from "@pulumi/pulumi";

/** What every object says of itself. */
export interface Metadata {
  /** With a hash of secrets in it, known when those are. */
  name: Text;
  namespace?: string;
  labels: Record<string, string>;
  annotations?: Record<string, string>;
}

type Named<K extends string, V extends string, T> = Omit<T, "apiVersion" | "kind" | "metadata"> & {
  apiVersion: V;
  kind: K;
  metadata: Metadata;
};

/** API of Gateways, which a cluster has where somebody installed it. */
export const GATEWAY_API = "gateway.networking.k8s.io/v1" as const;

/** API of the rights of accounts. */
export const RBAC_API = "rbac.authorization.k8s.io/v1" as const;

/** A route at a Gateway, as far as the stack has one. */
interface RouteSpec {
  parentRefs: { name: string; namespace: string; sectionName?: string }[];
  hostnames: string[];
  rules: { backendRefs: { name: string; port: number }[] }[];
}

/** The kinds of object that the target makes, by kind. */
export interface Kinds {
  Namespace: Named<"Namespace", "v1", inputs.core.v1.Namespace>;
  ConfigMap: Named<"ConfigMap", "v1", inputs.core.v1.ConfigMap>;
  Secret: Named<"Secret", "v1", inputs.core.v1.Secret>;
  Service: Named<"Service", "v1", inputs.core.v1.Service>;
  ServiceAccount: Named<"ServiceAccount", "v1", inputs.core.v1.ServiceAccount>;
  Role: Named<"Role", typeof RBAC_API, inputs.rbac.v1.Role>;
  RoleBinding: Named<"RoleBinding", typeof RBAC_API, inputs.rbac.v1.RoleBinding>;
  ClusterRole: Named<"ClusterRole", typeof RBAC_API, inputs.rbac.v1.ClusterRole>;
  ClusterRoleBinding: Named<
    "ClusterRoleBinding",
    typeof RBAC_API,
    inputs.rbac.v1.ClusterRoleBinding
  >;
  Deployment: Named<"Deployment", "apps/v1", inputs.apps.v1.Deployment>;
  DaemonSet: Named<"DaemonSet", "apps/v1", inputs.apps.v1.DaemonSet>;
  StatefulSet: Named<"StatefulSet", "apps/v1", inputs.apps.v1.StatefulSet>;
  NetworkPolicy: Named<"NetworkPolicy", "networking.k8s.io/v1", inputs.networking.v1.NetworkPolicy>;
  Ingress: Named<"Ingress", "networking.k8s.io/v1", inputs.networking.v1.Ingress>;
  HTTPRoute: Named<"HTTPRoute", typeof GATEWAY_API, { spec: RouteSpec }>;
  TLSRoute: Named<"TLSRoute", typeof GATEWAY_API, { spec: RouteSpec }>;
  BackendTLSPolicy: Named<
    "BackendTLSPolicy",
    typeof GATEWAY_API,
    {
      spec: {
        targetRefs: { group: string; kind: string; name: string; sectionName: string }[];
        validation: {
          hostname: string;
          caCertificateRefs: { group: string; kind: string; name: Text }[];
        };
      };
    }
  >;
  PodDisruptionBudget: Named<
    "PodDisruptionBudget",
    "policy/v1",
    inputs.policy.v1.PodDisruptionBudget
  >;
  HorizontalPodAutoscaler: Named<
    "HorizontalPodAutoscaler",
    "autoscaling/v2",
    inputs.autoscaling.v2.HorizontalPodAutoscaler
  >;
}

/** An object of the cluster, as its manifest says it. */
export type KubernetesObject = Kinds[keyof Kinds];

/** Text that may come of a secret. A rendering puts the secret's name in its place. */
export type Text = pulumi.Input<string>;
