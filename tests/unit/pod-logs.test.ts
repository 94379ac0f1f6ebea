import { parse, stringify } from "yaml";
import { logAgentWorkload } from "../../components/log-agent/config";
import { ObservabilityStack } from "../../components/stack/observability-stack";
import { containerLayout } from "../../targets/container-layout";
import { kubernetesTarget } from "../../targets/kubernetes";
import { kubernetesLayout } from "../../targets/kubernetes/layout";
import { documentOf, expectGolden } from "../helpers/golden";
import { manifestsOnCluster, onCluster, type Manifest } from "../helpers/kubernetes-manifests";
import { record } from "../helpers/mocks";
import { policyEdges } from "../helpers/policy-edges";

const ON = { containerLogs: { enabled: true } };
const MAIN = "tracekeep-dev";
const NODES = "tracekeep-dev-nodes";

interface Pod {
  serviceAccountName?: string;
  automountServiceAccountToken: boolean;
  securityContext: Record<string, unknown>;
  containers: { securityContext: object; volumeMounts: Record<string, unknown>[] }[];
  volumes: { name: string; hostPath?: { path: string } }[];
}

const podOf = ({ spec }: Manifest) => (spec.template as { spec: Pod }).spec;
const inNodes = (list: Manifest[]) =>
  list.filter(({ metadata: { name, namespace } }) => [name, namespace].includes(NODES));

test("what sees the nodes is as reviewed, in a namespace of its own", () => {
  const objects = inNodes(manifestsOnCluster(ON)).map((object) => ({
    ...object,
    ...(object.data && { data: Object.keys(object.data) }),
    ...(object.stringData && { stringData: Object.keys(object.stringData) }),
  }));
  const text = objects.map((one) => stringify(one, { lineWidth: 0 })).join("---\n");
  expectGolden("kubernetes-pod-logs.txt", text.replace(/-[0-9a-f]{12}\b/g, "-HASH"));
  expect(inNodes(manifestsOnCluster())).toEqual([]);
});

test("no other pod sees its node, and the stack's namespace stays `restricted`", () => {
  const all = manifestsOnCluster(ON);
  const seeing = all.filter((one) => JSON.stringify(one).includes("hostPath"));
  expect(seeing.map(({ kind, metadata }) => `${metadata.namespace}/${kind}`)).toEqual([
    `${NODES}/DaemonSet`,
  ]);
  const levels = all
    .filter(({ kind }) => kind === "Namespace")
    .map(({ metadata }) => [metadata.name, metadata.labels["pod-security.kubernetes.io/enforce"]]);
  expect(levels).toEqual([
    [MAIN, "restricted"],
    [NODES, "privileged"],
  ]);
});

test("the pod is root without any of root's rights, and writes its own directory alone", () => {
  const [daemonSet] = manifestsOnCluster(ON).filter(({ kind }) => kind === "DaemonSet");
  const pod = podOf(daemonSet);
  expect(pod.automountServiceAccountToken).toBe(false);
  expect(pod.serviceAccountName).toBe("log-agent");
  expect(pod.securityContext).toMatchObject({
    runAsUser: 0,
    runAsNonRoot: false,
    seccompProfile: { type: "RuntimeDefault" },
  });
  for (const key of ["hostNetwork", "hostPID", "hostIPC"]) expect(pod).not.toHaveProperty(key);
  const [{ securityContext, volumeMounts }] = pod.containers;
  expect(securityContext).toEqual({
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    privileged: false,
    readOnlyRootFilesystem: true,
  });
  const directories = pod.volumes.flatMap(({ name, hostPath }) => {
    const mount = volumeMounts.find((one) => one.name === name);
    return hostPath ? [[hostPath.path, mount?.readOnly ?? false]] : [];
  });
  expect(directories).toEqual([
    ["/var/log/pods", true],
    [`/var/lib/${NODES}/log-agent`, false],
  ]);
});

test("its account has no rights: nothing binds a role to it", () => {
  const kinds = manifestsOnCluster(ON).map(({ kind }) => kind);
  for (const kind of ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"]) {
    expect(kinds).not.toContain(kind);
  }
});

test("policies of both namespaces let it reach the intake, and nothing else either way", () => {
  const all = manifestsOnCluster(ON);
  const before = manifestsOnCluster();
  const added = (direction: "ingress" | "egress") => {
    const known = policyEdges(before, direction);
    return [...policyEdges(all, direction)].filter((edge) => !known.has(edge));
  };
  expect(added("ingress")).toEqual(["log-agent -> collector:4317"]);
  expect(added("egress")).toEqual(["log-agent -> collector:4317"]);
  const policies = all.filter(({ kind }) => kind === "NetworkPolicy");
  const rulesOf = (name: string, direction: "ingress" | "egress") =>
    JSON.stringify(policies.find(({ metadata }) => metadata.name === name)?.spec[direction]);
  const named = (namespace: string, name: string) =>
    `{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"${namespace}"}},"podSelector":{"matchLabels":{"app.kubernetes.io/instance":"dev","app.kubernetes.io/name":"${name}"}}}`;
  expect(rulesOf("collector", "ingress")).toContain(named(NODES, "log-agent"));
  expect(rulesOf("log-agent", "egress")).toContain(named(MAIN, "collector"));
  // A policy of one namespace says nothing of another's pods.
  const denying = policies.filter(({ metadata }) => metadata.name === "deny-all");
  expect(denying.map(({ metadata }) => metadata.namespace)).toEqual([MAIN, NODES]);
});

test("it finds the collector by its short name, whatever the cluster's domain is", () => {
  const options = { ...ON, kubernetes: { clusterDomain: "corp.example" } };
  const searches = (list: Manifest[]) =>
    list.flatMap(({ metadata, spec }) => {
      const pod = (spec?.template as { spec: { dnsConfig?: { searches: string[] } } })?.spec;
      return pod?.dnsConfig ? [[metadata.name, pod.dnsConfig.searches]] : [];
    });
  expect(searches(manifestsOnCluster(ON))).toEqual([["log-agent", [`${MAIN}.svc.cluster.local`]]]);
  expect(searches(manifestsOnCluster(options))).toEqual([
    ["log-agent", [`${MAIN}.svc.corp.example`]],
  ]);
  expect(kubernetesTarget(onCluster(options)).serverNames("tempo", 1)).toEqual([
    `tempo.${MAIN}.svc`,
    `tempo.${MAIN}.svc.corp.example`,
  ]);
});

interface Document {
  receivers: { file_log: { include: string[]; exclude: string[] } };
  service: { telemetry: { resource: Record<string, string> } };
}

const documentFor = (options: object, layout = kubernetesLayout) => {
  const config = onCluster({ ...ON, ...options });
  const workload = logAgentWorkload({ config, layout: layout("log-agent") });
  return parse(documentOf(workload, "log-agent.yaml").replaceAll("$$", "$")) as Document;
};

test.each([
  [{}, [MAIN]],
  [{ namespaces: ["shop", "web"] }, [MAIN, "shop", "web"]],
  [{ namespaces: ["shop", MAIN] }, [MAIN, "shop"]],
  [{ namespaces: ["shop", "*"] }, ["*"]],
])("with %j it reads the pods of %j", (podLogs, namespaces) => {
  const { include, exclude } = documentFor({ kubernetes: { podLogs } }).receivers.file_log;
  expect(include).toEqual(
    namespaces.flatMap((namespace) => [
      `/var/log/pods/${namespace}_*/*/*.log`,
      `/var/log/pods/${namespace}_*/*/*.log.????????-??????`,
    ]),
  );
  expect(exclude).toEqual(["/var/log/pods/*_log-agent-*/log-agent/*"]);
});

test("its document is that of Docker but for what it reads and which one it is", () => {
  const [here, there] = [containerLayout, kubernetesLayout].map((layout) => {
    const document = documentFor({}, layout);
    const { receivers, service } = document;
    const { "service.instance.id": id, ...resource } = service.telemetry.resource;
    const rest = {
      ...document,
      receivers: { ...receivers, file_log: "" },
      service: { ...service, telemetry: { ...service.telemetry, resource } },
    };
    return { id, rest };
  });
  expect(there.rest).toEqual(here.rest);
  expect([here.id, there.id]).toEqual(["log-agent", "${env:HOST_NAME}"]);
});

test("the program makes the second namespace, and nothing in it before it", async () => {
  const config = onCluster(ON);
  const resources = await record(() => {
    new ObservabilityStack("tracekeep", { config, target: kubernetesTarget(config) });
  });
  const made = resources
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ name, inputs }) => ({ ...(inputs as unknown as Manifest), logical: name }));
  const ours = inNodes(made).map(({ kind, logical }) => `${kind} ${String(logical)}`);
  expect(ours[0]).toBe("Namespace nodes-namespace");
  expect(ours.sort()).toEqual(
    [
      "Namespace nodes-namespace",
      "NetworkPolicy nodes-deny-all",
      "ConfigMap nodes-trust",
      "ConfigMap log-agent-config",
      "Secret log-agent-identity-secret",
      "ServiceAccount log-agent-serviceaccount",
      "NetworkPolicy log-agent-networkpolicy",
      "DaemonSet log-agent",
    ].sort(),
  );
  const written = inNodes(manifestsOnCluster(ON)).map(({ kind }) => kind);
  expect(
    inNodes(made)
      .map(({ kind }) => kind)
      .sort(),
  ).toEqual(written.sort());
  // It stores on its node: there is no claim to size.
  const sized = resources.filter(({ type }) => type.endsWith("PersistentVolumeClaimPatch"));
  expect(sized.map(({ name }) => name)).toContain("data-tempo-0");
  expect(sized.map(({ name }) => name)).not.toContain("data-log-agent-0");
});

test.each([
  [
    { podLogs: { namespaces: ["Shop"] } },
    "podLogs.namespaces[0]: expected the name of a namespace",
  ],
  [
    { podLogs: { namespaces: ["shop*"] } },
    "podLogs.namespaces[0]: expected the name of a namespace",
  ],
  [{ podLogs: { directory: "/" } }, "podLogs.directory: expected the path of a directory"],
  [{ podLogs: { directory: "/var/log/*" } }, "podLogs.directory: expected the path of a directory"],
  [
    { podLogs: { directory: "/var/../etc" } },
    "podLogs.directory: expected the path of a directory",
  ],
])("%j is refused", (kubernetes, message) => {
  expect(() => onCluster({ ...ON, kubernetes })).toThrow(message);
});
