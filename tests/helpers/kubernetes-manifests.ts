import { parse } from "yaml";
import { applicationWorkloads, serviceWorkloads } from "../../components/stack/workloads";
import { parseConfig, type StackConfig } from "../../config/parse";
import { kubernetesLayout } from "../../targets/kubernetes/layout";
import { manifests } from "../../targets/kubernetes/manifests";
import type { Workload } from "../../targets/workload";

/** An object of the cluster, as a rendering has it. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels: Record<string, string>;
    annotations?: Record<string, string>;
  };
  spec: Record<string, unknown>;
  data?: Record<string, string>;
  stringData?: Record<string, string>;
  [key: string]: unknown;
}

/** Options of a stack "dev" on a cluster. */
export function onCluster(options: object = {}): StackConfig {
  const { kubernetes, ...others } = options as { kubernetes?: object };
  return parseConfig(
    { target: "kubernetes", kubernetes: { context: "example", ...kubernetes }, ...others },
    { stack: "dev", environment: {} },
  );
}

/** Every Workload of it. */
export function workloadsOnCluster(options: object = {}): Workload[] {
  const target = { layout: kubernetesLayout };
  const config = onCluster(options);
  return [...serviceWorkloads(config, target), ...applicationWorkloads(config, target)];
}

/** Every object of it. */
export function manifestsOnCluster(options: object = {}): Manifest[] {
  return [...manifests(onCluster(options), workloadsOnCluster(options)).values()].map(
    (text) => parse(text) as Manifest,
  );
}
