import { parse, stringify } from "yaml";
import { activeConnections } from "../../components/stack/connections";
import { listenersOf } from "../../components/stack/listeners";
import { ObservabilityStack } from "../../components/stack/observability-stack";
import { applicationWorkloads, serviceWorkloads } from "../../components/stack/workloads";
import { parseConfig } from "../../config/parse";
import { SERVICES, type ServiceName } from "../../config/services";
import { containerLayout } from "../../targets/container-layout";
import { kubernetesTarget } from "../../targets/kubernetes";
import { kubernetesLayout } from "../../targets/kubernetes/layout";
import { manifests } from "../../targets/kubernetes/manifests";
import { expectGolden } from "../helpers/golden";
import { plainParts, record } from "../helpers/mocks";
import { policyEdges } from "../helpers/policy-edges";

const OPTIONS = {
  target: "kubernetes",
  kubernetes: { context: "example", browsersFrom: ["ingress"] },
  apps: [{ name: "shop", image: "example.org/shop:1", reads: ["tempo"], scrape: { port: 9000 } }],
};

const configOf = (options: object = {}) =>
  parseConfig({ ...OPTIONS, ...options }, { stack: "dev", environment: {} });

interface PodSpec {
  securityContext: Record<string, unknown>;
  containers: { name: string; securityContext: Record<string, unknown>; volumeMounts: unknown[] }[];
  volumes: Record<string, unknown>[];
  [key: string]: unknown;
}

interface Manifest {
  kind: string;
  metadata: { name: string; labels: Record<string, string> };
  spec: Record<string, unknown> & { template?: { spec: PodSpec } };
  data?: Record<string, string>;
  stringData?: Record<string, string>;
  immutable?: boolean;
}

function workloadsOf(config: ReturnType<typeof configOf>, layout = kubernetesLayout) {
  return [...serviceWorkloads(config, { layout }), ...applicationWorkloads(config, { layout })];
}

function manifestsOf(options: object = {}): Manifest[] {
  const config = configOf(options);
  return [...manifests(config, workloadsOf(config)).values()].map(
    (text) => parse(text) as Manifest,
  );
}

const podsOf = (list: Manifest[]) =>
  list.flatMap(({ metadata, spec }) =>
    spec?.template ? [[metadata.name, spec.template.spec] as const] : [],
  );

describe("the manifests", () => {
  test("are as reviewed, documents left out", () => {
    const config = configOf();
    const short = (data?: Record<string, string>) => data && Object.keys(data);
    const text = [...manifests(config, workloadsOf(config))]
      .map(([file, content]) => {
        const manifest = parse(content) as Manifest;
        const { data, stringData } = manifest;
        const brief = {
          ...manifest,
          ...(data && { data: short(data) }),
          ...(stringData && { stringData: short(stringData) }),
        };
        // A hash of a document changes with the document, which has a golden file of its own.
        return `# ${file}\n${stringify(brief, { lineWidth: 0, aliasDuplicateObjects: false })}`;
      })
      .join("---\n")
      .replace(/-[0-9a-f]{12}\b/g, "-HASH");
    expectGolden("kubernetes-dev.txt", text);
  });

  test("have a name of their own each", () => {
    const names = manifestsOf().map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(names).toEqual([...new Set(names)]);
  });

  test.each(podsOf(manifestsOf()))("the pod of %s is fit for `restricted`", (_, spec) => {
    expect(spec).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    });
    expect(spec.securityContext.runAsUser).toBeGreaterThan(0);
    for (const key of ["hostNetwork", "hostPID", "hostIPC"]) expect(spec).not.toHaveProperty(key);
    for (const { securityContext } of spec.containers) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
        privileged: false,
        readOnlyRootFilesystem: true,
      });
    }
    const allowed = ["configMap", "emptyDir", "secret"];
    for (const volume of spec.volumes) {
      expect(Object.keys(volume).filter((key) => key !== "name")).toEqual([
        expect.stringMatching(new RegExp(`^(${allowed.join("|")})$`)),
      ]);
    }
    expect(JSON.stringify(spec)).not.toContain("subPath");
  });

  test("say where a service runs and stores, over what holds for all", () => {
    const list = manifestsOf({
      kubernetes: {
        context: "example",
        nodeSelector: { "kubernetes.io/os": "linux" },
        tolerations: [{ key: "monitoring" }],
        storageClass: "slow",
        placement: {
          tempo: {
            nodeSelector: { disk: "fast" },
            tolerations: [{ key: "fast", value: "yes", effect: "NoSchedule" }],
            storageClass: "nvme",
          },
        },
      },
    });
    const placed = (name: string) => {
      const found = list.find(
        ({ kind, metadata }) => kind === "StatefulSet" && metadata.name === name,
      );
      const { spec } = found as Manifest;
      const [claim] = spec.volumeClaimTemplates as { spec: { storageClassName: string } }[];
      const { nodeSelector, tolerations } = spec.template?.spec as PodSpec;
      return { nodeSelector, tolerations, storageClass: claim.spec.storageClassName };
    };
    expect(placed("loki")).toMatchObject({
      nodeSelector: { "kubernetes.io/os": "linux" },
      // Any value; without an operator it would be the empty one.
      tolerations: [{ key: "monitoring", operator: "Exists" }],
      storageClass: "slow",
    });
    expect(placed("tempo")).toMatchObject({
      nodeSelector: { "kubernetes.io/os": "linux", disk: "fast" },
      tolerations: [
        { key: "monitoring", operator: "Exists" },
        { key: "fast", operator: "Equal", value: "yes", effect: "NoSchedule" },
      ],
      storageClass: "nvme",
    });
  });

  test("a changed document is another ConfigMap; a certificate's Secret stays the same", () => {
    const namesOf = (list: Manifest[], kind: string) =>
      list.filter((one) => one.kind === kind).map(({ metadata }) => metadata.name);
    const before = manifestsOf();
    const after = manifestsOf({ alerts: { latency: "2s" } });
    const changed = namesOf(after, "ConfigMap").filter(
      (name) => !namesOf(before, "ConfigMap").includes(name),
    );
    expect(changed).toEqual([
      expect.stringMatching(/^prometheus-config-/),
      expect.stringMatching(/^grafana-config-/),
    ]);
    const identities = before.filter(({ metadata }) => metadata.name.endsWith("-identity"));
    expect(identities.map(({ immutable }) => immutable)).toEqual(identities.map(() => false));
    expect(
      before.filter(({ kind }) => kind === "ConfigMap").every(({ immutable }) => immutable),
    ).toBe(true);
  });
});

describe("network policies", () => {
  const edges = (direction: "ingress" | "egress") => policyEdges(manifestsOf(), direction);

  const services: readonly string[] = SERVICES;
  const table = activeConnections(configOf()).flatMap(({ from, to, listener }) => {
    const port =
      services.includes(to) && listener ? listenersOf(to as ServiceName)[listener].port : "any";
    const end = (peer: string) =>
      services.includes(peer) || peer === "applications" ? peer : "outside";
    return from === "operator"
      ? []
      : [{ from: from === "browser" ? "namespace ingress" : end(from), to: end(to), port }];
  });
  const APP = ["shop -> collector:4317", "shop -> collector:4318"];

  test("let in exactly what the connection table says", () => {
    const expected = table
      .filter(({ to }) => services.includes(to))
      .map(({ from, to, port }) => `${from} -> ${to}:${port}`);
    expect([...edges("ingress")].sort()).toEqual(
      [
        ...new Set([
          ...expected,
          ...APP,
          "shop -> qdrant:6333",
          "shop -> tempo:3200",
          "prometheus -> shop:9000",
        ]),
      ].sort(),
    );
  });

  test("let out exactly what the connection table says", () => {
    const expected = table
      .filter(({ from, to }) => services.includes(from) && to !== "applications")
      .map(({ from, to, port }) => `${from} -> ${to}:${port}`);
    const further = [
      "shop -> tempo:3200",
      "shop -> 0.0.0.0/0:any",
      "shop -> ::/0:any",
      "prometheus -> shop:9000",
    ];
    expect([...edges("egress")].sort()).toEqual(
      [...new Set([...expected, ...APP, ...further])].sort(),
    );
  });

  test("deny what no policy speaks of", () => {
    const policy = manifestsOf().find(({ metadata }) => metadata.name === "deny-all");
    expect(policy?.spec).toEqual({ podSelector: {}, policyTypes: ["Ingress", "Egress"] });
  });
});

/** Documents that differ between the targets: why, and in which lines. */
const DIFFERENCES: Record<string, { why: string; docker: string; kubernetes: string }> = {
  "collector/collector.yaml": {
    why: "the kubelet dials its health listener, which on Docker nobody asks",
    docker: "endpoint: 127.0.0.1:13133",
    kubernetes: "endpoint: 0.0.0.0:13133",
  },
  ...Object.fromEntries(
    [
      ["tempo", 4317],
      ["prometheus", 9090],
    ].map(([store, port]) => [
      `${store}-guard/guard.cfg`,
      {
        why: "in a pod the guard and its store share the loopback",
        docker: `server ${store} ${store}:${port}`,
        kubernetes: `server ${store} 127.0.0.1:${port}`,
      },
    ]),
  ),
};

test("documents are the same on both targets, but for what is listed", () => {
  const documents = (layout: typeof containerLayout) =>
    new Map(
      workloadsOf(configOf(), layout)
        .flatMap((workload) => [workload, ...(workload.beside ?? [])])
        .flatMap(({ name, files }) =>
          files.map(
            ({ path, content }) => [`${name}/${path.split("/config/")[1]}`, content] as const,
          ),
        ),
    );
  const docker = documents(containerLayout);
  const kubernetes = documents(kubernetesLayout);
  expect([...kubernetes.keys()]).toEqual([...docker.keys()]);
  const different = [...docker.keys()].filter((name) => docker.get(name) !== kubernetes.get(name));
  expect(different.sort()).toEqual(Object.keys(DIFFERENCES).sort());
  for (const name of different) {
    const { docker: here, kubernetes: there } = DIFFERENCES[name];
    expect(docker.get(name)?.replace(here, there)).toBe(kubernetes.get(name));
  }
});

describe("the program", () => {
  const run = (options: object = {}) => {
    const config = configOf(options);
    return record(() => {
      new ObservabilityStack("tracekeep", { config, target: kubernetesTarget(config) });
    });
  };

  test("makes every object of the manifests, with the provider of the options", async () => {
    const resources = await run();
    const made = resources
      .filter(({ type }) => type.startsWith("kubernetes:") && !type.endsWith("Patch"))
      .map(({ inputs }) => inputs as unknown as Manifest)
      .map(({ kind, metadata }) => `${kind}/${metadata.name.replace(/-[0-9a-f]{12}$/, "")}`);
    const written = manifestsOf().map(
      ({ kind, metadata }) => `${kind}/${metadata.name.replace(/-[0-9a-f]{12}$/, "")}`,
    );
    // The operator's and the verification's certificates are nobody's to mount.
    expect(made.sort()).toEqual(written.sort());
    const provider = resources.find(({ type }) => type === "pulumi:providers:kubernetes");
    expect(provider?.inputs).toMatchObject({ context: "example", enableSecretMutable: "true" });
  });

  test("gives every claim its size, of each replica, by a patch: a template is never changed", async () => {
    const volumes = { qdrant: "30Gi", alertmanager: "1500Mi" };
    const resources = await run({
      replicas: { qdrant: 2 },
      kubernetes: { context: "example", volumes },
    });
    const patches = resources
      .filter(({ type }) => type === "kubernetes:core/v1:PersistentVolumeClaimPatch")
      .map(({ inputs }) => inputs as { metadata: { name: string }; spec: object })
      .map(({ metadata, spec }) => [metadata.name, spec] as const);
    const requests = (storage: string) => ({ resources: { requests: { storage } } });
    expect(Object.fromEntries(patches)).toMatchObject({
      "data-qdrant-0": requests("30720Mi"),
      "data-qdrant-1": requests("30720Mi"),
      "data-alertmanager-0": requests("1500Mi"),
    });
    const stores = manifestsOf().filter(({ spec }) => spec?.volumeClaimTemplates !== undefined);
    expect(patches).toHaveLength(stores.length + 1); // Qdrant has two.
  });

  test("keeps secrets secret, and names no object by one", async () => {
    const resources = await run();
    const plain = JSON.stringify(resources.map(({ raw }) => plainParts(raw)));
    for (const secret of [
      "EC PRIVATE KEY",
      "generated-qdrantApiKey",
      "generated-grafanaAdminPassword",
    ]) {
      expect(JSON.stringify(resources.map(({ inputs }) => inputs))).toContain(secret);
      expect(plain).not.toContain(secret);
    }
    expect(plain).not.toContain('"name":"[secret]"');
  });
});
