import { contentHash } from "../content-hash";
import { DIRECTORIES } from "../container-layout";
import type { LiveFile, Workload } from "../workload";
import { accountObjects } from "./accounts";
import { autoscalersOf } from "./autoscaler";
import { labelsOf, placeOf, type Cluster } from "./cluster";
import { controllerOf } from "./controller";
import { disruptionBudgetsOf } from "./disruption-budget";
import { nodesObjects } from "./namespace";
import { networkPolicyOf } from "./network-policies";
import type { Kinds, KubernetesObject, Text } from "./objects";
import { loadBalancersOf } from "./public-service";
import { routeObjects } from "./routes";
import { servicesOf } from "./services";
import type { MaterialTexts, Texts } from "./texts";
import { filesOf, identitySecret, keyOf } from "./volumes";

/** What objects are made of, besides the Workloads. */
export interface Making {
  cluster: Cluster;
  materials: MaterialTexts;
  texts: Texts;
}

type Data = Record<string, Text>;

function configMap(cluster: Cluster, owner: string, name: Text, data: Data): Kinds["ConfigMap"] {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: cluster.namespace, labels: labelsOf(cluster, owner) },
    // Its name says its content. Another content is another one, and this one stays until then.
    immutable: true,
    data,
  };
}

function secret(
  cluster: Cluster,
  owner: string,
  name: Text,
  data: Data,
  rest: Pick<Kinds["Secret"], "type" | "immutable">,
): Kinds["Secret"] {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: cluster.namespace, labels: labelsOf(cluster, owner) },
    ...rest,
    stringData: data,
  };
}

/** The trust bundles, for every pod. */
export function trustObject({ cluster, materials, texts }: Making): Kinds["ConfigMap"] {
  const { root, services, clients } = materials.trust;
  return configMap(
    cluster,
    "trust",
    texts.name([root, services, clients], (pems) => `trust-${contentHash(pems)}`),
    { "root.crt": root, "services.crt": services, "clients.crt": clients },
  );
}

function liveFile({ materials, texts }: Making, { render }: LiveFile, names: string[]): Text {
  const { trust, identities } = materials;
  const leaves = names.map((name) => identities[name].certificate);
  return texts.derive([trust.root, trust.clients, ...leaves], ([root, issuers, ...pems]) =>
    render({
      root,
      issuers,
      leaves: Object.fromEntries(names.map((name, index) => [name, pems[index]])),
    }),
  );
}

/** The Secrets of the identities: of constant name, refreshed in place by a renewal. */
function identityObjects(making: Making, workload: Workload): Kinds["Secret"][] {
  const { cluster, materials } = making;
  return workload.identities.map(({ certificate, directory, liveFiles = [] }) => {
    const { certificate: chain, key } = materials.identities[certificate];
    const live = liveFiles.map((file) => [
      keyOf(file.path, directory),
      liveFile(making, file, Object.keys(materials.identities)),
    ]);
    return secret(
      cluster,
      workload.name,
      identitySecret(certificate),
      { "tls.crt": chain, "tls.key": key, ...(Object.fromEntries(live) as Data) },
      { type: "kubernetes.io/tls", immutable: false },
    );
  });
}

/** Annotations by which a renewal restarts what can take a certificate in no other way. */
function readOnce({ materials, texts }: Making, { identities }: Workload) {
  const annotations = identities
    .filter(({ reload }) => reload === "restart")
    .map(({ certificate }) => [
      `tracekeep.io/${identitySecret(certificate)}`,
      texts.name([materials.identities[certificate].certificate], contentHash),
    ]);
  return annotations.length === 0
    ? {}
    : { readOnce: Object.fromEntries(annotations) as Record<string, Text> };
}

function secretFilesObject(
  { cluster, materials, texts }: Making,
  { name, secretFiles }: Workload,
): Kinds["Secret"] {
  const contents = secretFiles.map(({ secrets, render }) =>
    texts.derive(
      secrets.map((secretName) => materials.secrets[secretName]),
      render,
    ),
  );
  return secret(
    cluster,
    name,
    texts.name(contents, (values) => `${name}-secrets-${contentHash(values)}`),
    Object.fromEntries(
      secretFiles.map(({ path }, index) => [keyOf(path, DIRECTORIES.secrets), contents[index]]),
    ),
    { type: "Opaque", immutable: true },
  );
}

function configObject({ cluster }: Making, workload: Workload): Kinds["ConfigMap"] {
  const { name } = workload;
  const files = filesOf(workload);
  const data = files.map(({ path, content }) => [keyOf(path, DIRECTORIES.config), content]);
  return configMap(
    cluster,
    name,
    `${name}-config-${contentHash(files)}`,
    Object.fromEntries(data) as Data,
  );
}

/** The same, for objects in the namespace in which a Workload lives. */
export const placed = (making: Making, workload: Pick<Workload, "perHost">): Making => ({
  ...making,
  cluster: placeOf(making.cluster, workload),
});

/** Every object of a Workload: what it mounts first, then what runs it. */
export function workloadObjects(
  stack: Making,
  workload: Workload,
  trust: Text,
): KubernetesObject[] {
  const making = placed(stack, workload);
  const { cluster } = making;
  const config = filesOf(workload).length > 0 ? [configObject(making, workload)] : [];
  const secrets = workload.secretFiles.length > 0 ? [secretFilesObject(making, workload)] : [];
  return [
    ...config,
    ...secrets,
    ...identityObjects(making, workload),
    ...accountObjects(cluster, workload),
    networkPolicyOf(cluster, workload),
    ...servicesOf(cluster, workload),
    ...loadBalancersOf(cluster, workload),
    ...routeObjects(making, workload),
    ...disruptionBudgetsOf(cluster, workload),
    ...autoscalersOf(cluster, workload),
    controllerOf(cluster, workload, {
      trust,
      config: config[0]?.metadata.name,
      secrets: secrets[0]?.metadata.name,
      ...readOnce(making, workload),
    }),
  ];
}

/** Every object of a stack, in the order in which a cluster takes them. */
export function stackObjects(
  making: Making,
  namespace: readonly KubernetesObject[],
  workloads: readonly Workload[],
): KubernetesObject[] {
  const trust = trustObject(making);
  const onNodes = placed(making, { perHost: true });
  return [
    ...namespace,
    trust,
    ...(workloads.some(({ perHost }) => perHost)
      ? [...nodesObjects(onNodes.cluster), trustObject(onNodes)]
      : []),
    ...workloads.flatMap((workload) => workloadObjects(making, workload, trust.metadata.name)),
  ];
}
