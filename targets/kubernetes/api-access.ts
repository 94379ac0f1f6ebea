import type { input as inputs } from "@pulumi/kubernetes/types";
import type { Workload } from "../workload";

const NAME = "api-access";

/** Where clients inside of a cluster look for how to reach its API. */
const DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Seconds that a token lives; the kubelet writes the next one long before. */
const LIFETIME = 3600;

/** What a pod needs to ask the API: a token of its account, and the API's CA. */
export function apiVolumes({ readsPods }: Workload): inputs.core.v1.Volume[] {
  if (readsPods === undefined) return [];
  const sources = [
    { serviceAccountToken: { path: "token", expirationSeconds: LIFETIME } },
    // The cluster keeps one in every namespace.
    { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
  ];
  return [{ name: NAME, projected: { defaultMode: 0o440, sources } }];
}

export const apiMounts = ({ readsPods }: Workload): inputs.core.v1.VolumeMount[] =>
  readsPods === undefined ? [] : [{ name: NAME, mountPath: DIRECTORY, readOnly: true }];
