import { parse, stringify } from "yaml";
import { collectorDocuments } from "../../components/collector/config";
import { gatewayDocuments } from "../../components/gateway/config";
import { certificateSpecs } from "../../components/pki/certificate-spec";
import { prometheusDocuments } from "../../components/prometheus/config";
import { ObservabilityStack } from "../../components/stack/observability-stack";
import { METADATA_RANGES } from "../../config/addresses";
import type { ServiceName } from "../../config/services";
import { kubernetesTarget } from "../../targets/kubernetes";
import { kubernetesLayout } from "../../targets/kubernetes/layout";
import { expectGolden } from "../helpers/golden";
import { manifestsOnCluster, onCluster, type Manifest } from "../helpers/kubernetes-manifests";
import { record } from "../helpers/mocks";
import { policyEdges, type Policy } from "../helpers/policy-edges";

const MAIN = "tracekeep-dev";
const attributes = (...namespaces: string[]) => ({ kubernetes: { attributes: { namespaces } } });
const podMetrics = (...namespaces: string[]) => ({ kubernetes: { podMetrics: { namespaces } } });
const TWO_TIERS = { replicas: { collector: 2 } };
const READ = { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] };

interface Pod {
  serviceAccountName?: string;
  automountServiceAccountToken: boolean;
  containers: { volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[] }[];
  volumes: { name: string; projected?: object }[];
}

const podsOf = (list: Manifest[]) =>
  list.flatMap(({ metadata, spec }) => {
    const template = spec?.template as { spec: Pod } | undefined;
    return template ? [[metadata.name, template.spec] as const] : [];
  });

const isRight = ({ kind }: Manifest) => /^(Cluster)?Role(Binding)?$|^ServiceAccount$/.test(kind);

describe("rights", () => {
  test("are there only where an option asks for them", () => {
    const list = manifestsOnCluster();
    expect(list.filter(isRight)).toEqual([]);
    const pods = JSON.stringify(podsOf(list));
    for (const word of ["serviceAccountName", "projected", "serviceAccountToken"])
      expect(pods).not.toContain(word);
  });

  test.each([
    ["collector", attributes("shop", "web", "shop")],
    ["collector-gateway", { ...attributes("shop", "web"), ...TWO_TIERS }],
    ["prometheus", podMetrics("shop", "web", "shop")],
  ])("of %s are to read pods, by a role of each namespace", (name, options) => {
    const rights = manifestsOnCluster(options).filter(isRight);
    const role = `${MAIN}-${name}`;
    const brief = rights.map(({ apiVersion, kind, metadata, rules, roleRef, subjects }) => ({
      apiVersion,
      what: `${metadata.namespace}/${kind}/${metadata.name}`,
      ...(rules !== undefined && { rules }),
      ...(roleRef !== undefined && { roleRef, subjects }),
    }));
    const apiVersion = "rbac.authorization.k8s.io/v1";
    expect(brief).toEqual([
      { apiVersion: "v1", what: `${MAIN}/ServiceAccount/${name}` },
      ...["shop", "web"].flatMap((namespace) => [
        { apiVersion, what: `${namespace}/Role/${role}`, rules: [READ] },
        {
          apiVersion,
          what: `${namespace}/RoleBinding/${role}`,
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role },
          subjects: [{ kind: "ServiceAccount", name, namespace: MAIN }],
        },
      ]),
    ]);
  });

  test('are of the whole cluster with "*" alone', () => {
    const rights = manifestsOnCluster(attributes("shop", "*")).filter(isRight);
    const role = `${MAIN}-collector`;
    expect(rights.map(({ kind, metadata }) => [kind, metadata.namespace, metadata.name])).toEqual([
      ["ServiceAccount", MAIN, "collector"],
      ["ClusterRole", undefined, role],
      ["ClusterRoleBinding", undefined, role],
    ]);
    expect(rights[1].rules).toEqual([READ]);
    expect(rights[2].roleRef).toMatchObject({ kind: "ClusterRole", name: role });
  });

  test.each([
    ["collector", attributes("shop")],
    ["collector-gateway", { ...attributes("shop"), ...TWO_TIERS }],
    ["prometheus", podMetrics("shop")],
  ])("reach the pod of %s by a token that ends, and no other pod", (name, options) => {
    const pods = podsOf(manifestsOnCluster(options));
    const holding = pods.filter(([, pod]) => JSON.stringify(pod).includes("serviceAccount"));
    expect(holding.map(([who]) => who)).toEqual([name]);
    const [[, pod]] = holding;
    expect(pod.serviceAccountName).toBe(name);
    const [volume] = pod.volumes.filter(({ projected }) => projected);
    expect(volume.projected).toEqual({
      defaultMode: 0o440,
      sources: [
        { serviceAccountToken: { path: "token", expirationSeconds: 3600 } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
      ],
    });
    const [{ volumeMounts }] = pod.containers;
    expect(volumeMounts.filter((mount) => mount.name === volume.name)).toEqual([
      {
        name: volume.name,
        mountPath: "/var/run/secrets/kubernetes.io/serviceaccount",
        readOnly: true,
      },
    ]);
    for (const [, { automountServiceAccountToken }] of pods)
      expect(automountServiceAccountToken).toBe(false);
  });
});

describe("policies", () => {
  const edgesAdded = (options: object, base: object, direction: "ingress" | "egress") => {
    const known = policyEdges(manifestsOnCluster(base), direction);
    return [...policyEdges(manifestsOnCluster(options) as Policy[], direction)].filter(
      (edge) => !known.has(edge),
    );
  };
  const api = (who: string) =>
    ["0.0.0.0/0", "::/0"].flatMap((range) =>
      [443, 6443].map((port) => `${who} -> ${range}:${port}`),
    );

  test.each([
    ["attributes", attributes("shop", "web"), {}, api("collector")],
    [
      "attributes of two tiers",
      { ...attributes("*"), ...TWO_TIERS },
      TWO_TIERS,
      api("collector-gateway"),
    ],
    [
      "scrapes",
      podMetrics("shop", "web"),
      {},
      ["prometheus -> namespace shop:any", "prometheus -> namespace web:any", ...api("prometheus")],
    ],
  ])("let out for %s what they need, and nothing in", (_, options, base, expected) => {
    expect(edgesAdded(options, base, "egress").sort()).toEqual([...expected].sort());
    expect(edgesAdded(options, base, "ingress")).toEqual([]);
  });

  test("name the API's addresses and ports of the options, never a cloud's credentials", () => {
    const options = {
      kubernetes: {
        ...podMetrics("shop").kubernetes,
        api: { addresses: ["10.96.0.1/32", "192.0.2.7/32"], ports: [16443] },
      },
    };
    expect(edgesAdded(options, {}, "egress").sort()).toEqual(
      [
        "prometheus -> namespace shop:any",
        "prometheus -> 10.96.0.1/32:16443",
        "prometheus -> 192.0.2.7/32:16443",
      ].sort(),
    );
    const policies = JSON.stringify(
      manifestsOnCluster(podMetrics("shop")).filter(
        ({ kind, metadata }) => kind === "NetworkPolicy" && metadata.name === "prometheus",
      ),
    );
    for (const range of METADATA_RANGES) expect(policies).toContain(`"${range}"`);
  });
});

interface CollectorDocument {
  processors: Record<string, { filter: Record<string, unknown>; extract: object }>;
  service: { pipelines: Record<string, { processors: string[] }> };
}

const collectorOf = (service: ServiceName, options: object) => {
  const documents = service === "collector" ? collectorDocuments : gatewayDocuments;
  const [{ content }] = documents({
    config: onCluster(options),
    layout: kubernetesLayout(service),
  });
  return parse(content) as CollectorDocument;
};

describe("attributes of the cluster", () => {
  const processorsOf = (document: CollectorDocument) =>
    Object.keys(document.processors).filter((id) => id.startsWith("k8s_attributes"));
  const pipelinesWith = ({ service }: CollectorDocument, id: string) =>
    Object.entries(service.pipelines).flatMap(([name, { processors }]) =>
      processors.includes(id) ? [[name, processors.indexOf(id)]] : [],
    );

  test("are given by one collector, to what comes in, before anything else is done with it", () => {
    const document = collectorOf("collector", attributes("shop", "web"));
    const ids = ["k8s_attributes/shop", "k8s_attributes/web"];
    expect(processorsOf(document)).toEqual(ids);
    for (const [index, id] of ids.entries()) {
      expect(pipelinesWith(document, id)).toEqual([
        ["traces", index + 1],
        ["logs", index + 1],
        ["metrics", index + 1],
      ]);
    }
    expectGolden("k8s-attributes.txt", stringify(document.processors[ids[0]]));
  });

  test("are given by the first of two tiers alone, whom senders dial", () => {
    const options = { ...attributes("shop"), ...TWO_TIERS };
    expect(processorsOf(collectorOf("collector", options))).toEqual([]);
    const document = collectorOf("collector-gateway", options);
    expect(pipelinesWith(document, "k8s_attributes/shop")).toEqual([
      ["traces", 1],
      ["logs", 1],
      ["metrics", 1],
    ]);
  });

  test('know all pods by one processor with "*", and none without the option', () => {
    const document = collectorOf("collector", attributes("shop", "*"));
    expect(processorsOf(document)).toEqual(["k8s_attributes"]);
    expect(document.processors.k8s_attributes.filter).not.toHaveProperty("namespace");
    expect(processorsOf(collectorOf("collector", {}))).toEqual([]);
    expect(processorsOf(collectorOf("collector-gateway", TWO_TIERS))).toEqual([]);
  });
});

interface Job {
  job_name: string;
  scheme?: string;
  tls_config?: { server_name: string };
  follow_redirects?: boolean;
  kubernetes_sd_configs?: unknown[];
  relabel_configs: Record<string, unknown>[];
}

describe("scrapes of annotated pods", () => {
  const APPS = [
    { name: "till", namespace: "shop" },
    { name: "elsewhere", namespace: "web" },
    { name: "beside" },
    { name: "run", image: "example.org/run:1" },
  ];
  const jobsOf = (options: object) => {
    const documents = prometheusDocuments({
      config: onCluster(options),
      layout: kubernetesLayout("prometheus"),
    });
    const { scrape_configs: jobs } = parse(documents[0].content) as { scrape_configs: Job[] };
    return jobs.filter(({ kubernetes_sd_configs: found }) => found);
  };

  test("are as reviewed: over plaintext, and by mutual TLS of each application that has a certificate", () => {
    const jobs = jobsOf({ ...podMetrics("shop"), apps: APPS });
    expectGolden("annotated-pods.txt", stringify(jobs, { lineWidth: 0 }));
    expect(
      jobs.map(({ job_name, scheme, tls_config }) => [job_name, scheme, tls_config?.server_name]),
    ).toEqual([
      ["annotated_pods", undefined, undefined],
      ["annotated_pods/till", "https", "till"],
    ]);
    // One watch of the API for all.
    expect(new Set(jobs.map((job) => JSON.stringify(job.kubernetes_sd_configs))).size).toBe(1);
    expect(jobs.map(({ follow_redirects }) => follow_redirects)).toEqual([false, false]);
    expect(jobsOf({ apps: APPS })).toEqual([]);
  });

  test("find an application's certificate fit to answer with, of who may ask alone", () => {
    const specs = certificateSpecs(onCluster({ ...podMetrics("shop"), apps: APPS }));
    const serving = specs.filter(({ uses }) => uses.includes("server_auth"));
    const names = serving.map(({ name }) => name);
    expect(APPS.map(({ name }) => [name, names.includes(name)])).toEqual([
      ["till", true],
      ["elsewhere", false],
      ["beside", false],
      ["run", false],
    ]);
    expect(serving.find(({ name }) => name === "till")?.dnsNames).toEqual(["till"]);
  });

  test("leave the names of other jobs to these", () => {
    const options = {
      ...podMetrics("shop"),
      apps: [{ name: "till", scrape: { target: "till:9000" } }, { name: "quiet" }],
      scrapeTargets: [{ name: "nodes", targets: ["node:9100"] }],
    };
    const [{ relabel_configs }] = jobsOf(options);
    const [{ regex }] = relabel_configs.filter(({ replacement }) => replacement === "$1/$2");
    const own = new RegExp(`^(?:${regex as string})$`);
    for (const name of ["tempo", "collector-gateway", "log-agent", "till", "nodes"])
      expect(`shop;${name}`.replace(own, "$1/$2")).toBe(`shop/${name}`);
    for (const name of ["quiet", "tempo-2", "my-loki"]) expect(`shop;${name}`).not.toMatch(own);
  });
});

test("the program makes every right, each under a name of its own", async () => {
  const config = onCluster({
    kubernetes: {
      attributes: { namespaces: ["shop", "web"] },
      podMetrics: { namespaces: ["shop"] },
    },
  });
  const resources = await record(() => {
    new ObservabilityStack("tracekeep", { config, target: kubernetesTarget(config) });
  });
  const made = resources
    .filter(({ type }) => /rbac|ServiceAccount/.test(type))
    .map(({ name, type }) => [type.split(":").at(-1), name]);
  expect(made.sort()).toEqual(
    [
      ["ServiceAccount", "collector-serviceaccount"],
      ["Role", `shop-${MAIN}-collector-role`],
      ["RoleBinding", `shop-${MAIN}-collector-rolebinding`],
      ["Role", `web-${MAIN}-collector-role`],
      ["RoleBinding", `web-${MAIN}-collector-rolebinding`],
      ["ServiceAccount", "prometheus-serviceaccount"],
      ["Role", `shop-${MAIN}-prometheus-role`],
      ["RoleBinding", `shop-${MAIN}-prometheus-rolebinding`],
    ].sort(),
  );
  const names = resources.map(({ type, name }) => `${type} ${name}`);
  expect(names).toEqual([...new Set(names)]);
});

test("a rendering has each role in a file of its own", () => {
  const roles = manifestsOnCluster(attributes("shop", "web")).filter(({ kind }) => kind === "Role");
  expect(roles.map(({ metadata }) => metadata.namespace)).toEqual(["shop", "web"]);
});
