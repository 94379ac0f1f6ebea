import { stringify } from "yaml";
import { applicationGrant } from "../../components/application/grant";
import { listenersOf } from "../../components/stack/listeners";
import { splitHostPort } from "../../components/verification/client";
import { entranceOf } from "../../config/entrances";
import type { StackConfig } from "../../config/parse";
import { clusterOf } from "../../targets/kubernetes/cluster";
import { grantNamespace } from "../../targets/kubernetes/grant-objects";
import { grantPatch } from "../../targets/kubernetes/grant-patch";
import type { HostKind, TargetFormat } from "./host";

const quoted = (word: string): string =>
  /^[\w./:@=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** `kubectl` with the cluster and a namespace, as a line of a shell begins. */
function kubectl({ kubernetes: { kubeconfig, context } }: StackConfig, namespace: string): string {
  return [
    "kubectl",
    ...(kubeconfig === undefined ? [] : ["--kubeconfig", kubeconfig]),
    ...(context === undefined ? [] : ["--context", context]),
    "--namespace",
    namespace,
  ]
    .map(quoted)
    .join(" ");
}

/** The way in from outside, where the options ask for one, else a forward through the cluster's API. */
export const kubernetesWay: HostKind["way"] = (config, service, published) => {
  const { port } = splitHostPort(published);
  const [listener] =
    Object.entries(listenersOf(service)).find(([, one]) => one.port === port) ?? [];
  const entrance = listener === undefined ? undefined : entranceOf(config, service, listener);
  if (entrance?.host !== undefined) return { address: `${entrance.host}:${entrance.port}` };
  const { namespace } = clusterOf(config);
  return {
    address: `localhost:${port}`,
    first: `${kubectl(config, namespace)} port-forward service/${service} ${port}`,
  };
};

/** The patch of the Deployment of an application that the stack does not run. */
export const kubernetesPatch: TargetFormat = (config, app, { container = app.name }) => {
  if (app.image !== undefined) {
    throw new Error(
      `The stack runs "${app.name}" itself, with its certificate and variables: apps has an image of it.`,
    );
  }
  const cluster = clusterOf(config);
  const grant = applicationGrant(config, app);
  return [
    "# Gives a Deployment the Secret and the ConfigMap that the stack keeps for it:",
    `#   ${kubectl(config, grantNamespace(cluster, grant))} patch deployment NAME --patch-file FILE`,
    stringify(grantPatch(cluster, grant, container), { lineWidth: 0 }).trimEnd(),
  ].join("\n");
};
