import { parse } from "yaml";
import { gatewayWorkload } from "../../components/gateway/config";
import { certificateSpecs } from "../../components/pki/certificate-spec";
import { openListeners } from "../../components/stack/connections";
import { inStartOrder } from "../../components/stack/start-order";
import { applicationWorkloads, serviceWorkloads } from "../../components/stack/workloads";
import { capacityOf, limitsOf } from "../../config/capacity";
import { parseConfig } from "../../config/parse";
import { containerLayout } from "../../targets/container-layout";
import { kubernetesLayout } from "../../targets/kubernetes/layout";
import { documentOf, expectGolden, workloadText } from "../helpers/golden";
import { policyEdges } from "../helpers/policy-edges";
import { manifests } from "../../targets/kubernetes/manifests";
import { kubernetesTarget } from "../../targets/kubernetes";
import { TWO_TIERS } from "../helpers/rules";

const APPS = [{ name: "shop", image: "example.org/shop:1" }];

const configOf = (options: object = {}) =>
  parseConfig({ ...TWO_TIERS, apps: APPS, ...options }, { stack: "dev", environment: {} });

const workloadsOf = (config: ReturnType<typeof configOf>, layout = kubernetesLayout) => [
  ...serviceWorkloads(config, { layout }),
  ...applicationWorkloads(config, { layout }),
];

interface Manifest {
  kind: string;
  metadata: { name: string };
  spec: Record<string, unknown> & {
    ports?: { name: string; port: number; targetPort: string }[];
    template: { spec: { containers: Record<string, unknown>[] } & Record<string, unknown> };
  };
}

function manifestsOf(options: object = {}) {
  const config = configOf(options);
  const list = [...manifests(config, workloadsOf(config)).values()].map(
    (text) => parse(text) as Manifest,
  );
  const find = (kind: string, name: string) =>
    list.find((one) => one.kind === kind && one.metadata.name === name) as Manifest;
  return { list, find };
}

const labels = (name: string) => ({
  "app.kubernetes.io/instance": "dev",
  "app.kubernetes.io/name": name,
});

const SCALED = {
  kubernetes: { context: "example", autoscale: { "collector-gateway": { most: 6 } } },
};

describe("the gateway", () => {
  const workload = () =>
    gatewayWorkload({ config: configOf(), layout: kubernetesLayout("collector-gateway") });

  test("is as reviewed", () => {
    expectGolden("collector-gateway.txt", workloadText(workload()));
  });

  test("keeps nothing, and answers with what a collector answered", () => {
    const { storage, files } = workload();
    expect(storage).toBeUndefined();
    const { exporters, service } = parse(files[0].content) as {
      exporters: Record<string, { sending_queue?: unknown; protocol: { otlp: object } }>;
      service: { pipelines: Record<string, { processors: string[]; exporters: string[] }> };
    };
    for (const { sending_queue, protocol } of Object.values(exporters)) {
      expect(sending_queue).toBeUndefined();
      expect(protocol.otlp).toMatchObject({
        sending_queue: { enabled: false },
        tls: { server_name_override: "collector" },
      });
    }
    // A processor that answers before the exporter does would acknowledge what nobody has.
    for (const { processors } of Object.values(service.pipelines)) {
      expect(processors).toEqual(["memory_limiter"]);
    }
  });

  test("gives its pod's name, and nothing else of the environment, to its document", () => {
    const { content } = workload().files[0];
    expect(content.match(/\$+\{[^}]*\}/g)).toEqual(["${env:REPLICA_NAME}"]);
    expect(workload().replicaNameVariable).toBe("REPLICA_NAME");
  });
});

describe("in two tiers", () => {
  const config = configOf();

  test("the collector is reached by the gateway alone, which has its intake", () => {
    expect(Object.keys(openListeners(config, "collector"))).toEqual([
      "health",
      "metrics",
      "handover",
    ]);
    expect(Object.keys(openListeners(config, "collector-gateway"))).toEqual(
      expect.arrayContaining(["otlpGrpc", "otlpHttp"]),
    );
    const edges = [...policyEdges(manifestsOf().list, "ingress")];
    expect(edges.filter((edge) => edge.includes("-> collector:"))).toEqual([
      "collector-gateway -> collector:4316",
    ]);
    expect(edges.filter((edge) => edge.includes("-> collector-gateway:")).sort()).toEqual([
      "applications -> collector-gateway:4317",
      "applications -> collector-gateway:4318",
      "shop -> collector-gateway:4317",
      "shop -> collector-gateway:4318",
    ]);
    const out = [...policyEdges(manifestsOf().list, "egress")];
    expect(
      out.filter((edge) => /^(shop|collector-gateway) -> collector/.test(edge)).sort(),
    ).toEqual([
      "collector-gateway -> collector:4316",
      "shop -> collector-gateway:4317",
      "shop -> collector-gateway:4318",
    ]);
  });

  test("the gateway starts after the collector, and applications after the gateway", () => {
    const order = inStartOrder(workloadsOf(config)).map(({ name }) => name);
    const place = (name: string) => order.indexOf(name);
    expect(place("collector")).toBeLessThan(place("collector-gateway"));
    expect(place("collector-gateway")).toBeLessThan(place("shop"));
  });

  test("the gateway's certificate carries the names at which the collector is dialled", () => {
    const target = kubernetesTarget(configOf());
    const specs = certificateSpecs(
      configOf({ hostNames: { collector: ["otlp.example.org"] } }),
      (...of) => target.serverNames(...of),
    );
    const names = (name: string) => specs.find((spec) => spec.name === name)?.dnsNames ?? [];
    expect(names("collector-gateway")).toEqual([
      "collector",
      "collector-gateway",
      "collector-gateway.tracekeep-dev.svc",
      "collector-gateway.tracekeep-dev.svc.cluster.local",
      "collector.tracekeep-dev.svc",
      "collector.tracekeep-dev.svc.cluster.local",
      "localhost",
      "otlp.example.org",
    ]);
    // What the gateway checks, whatever address it dials.
    expect(names("collector")).toContain("collector");
    expect(specs.find(({ name }) => name === "collector-gateway")?.issuer).toBe("services");
  });

  test("the name `collector` leads to the gateway; collectors are found one by one when ready", () => {
    const { find } = manifestsOf();
    expect(find("Service", "collector").spec).toMatchObject({
      selector: labels("collector-gateway"),
      ports: [
        { name: "otlp-grpc", port: 4317, targetPort: "otlp-grpc" },
        { name: "otlp-http", port: 4318, targetPort: "otlp-http" },
      ],
    });
    expect(find("Service", "collector-headless").spec).toMatchObject({
      clusterIP: "None",
      publishNotReadyAddresses: false,
      selector: labels("collector"),
      ports: [{ name: "handover", port: 4316 }],
    });
    expect(find("Service", "tempo-headless").spec.publishNotReadyAddresses).toBe(true);
  });

  test("public names lead to the gateway, and its policy lets in who passes them on", () => {
    const { list, find } = manifestsOf({
      hostNames: { collector: ["otlp.example.org"] },
      kubernetes: {
        context: "example",
        routes: {
          collector: {
            otlpGrpc: { fromNamespaces: ["edge"], gateway: { name: "public", namespace: "edge" } },
          },
        },
      },
    });
    expect(find("TLSRoute", "collector-otlp-grpc").spec).toMatchObject({
      hostnames: ["otlp.example.org"],
      rules: [{ backendRefs: [{ name: "collector-public", port: 4317 }] }],
    });
    expect(find("Service", "collector-public").spec).toMatchObject({
      selector: labels("collector-gateway"),
      ports: [{ name: "otlp-grpc", port: 4317, targetPort: "otlp-grpc" }],
    });
    const callers = [...policyEdges(list, "ingress")].filter((edge) =>
      edge.startsWith("namespace"),
    );
    expect(callers).toEqual(["namespace edge -> collector-gateway:4317"]);
    const balanced = manifestsOf({
      hostNames: { collector: ["otlp.example.org"] },
      kubernetes: {
        context: "example",
        loadBalancers: { collector: { sourceRanges: ["198.51.100.0/24"] } },
      },
    });
    expect(balanced.find("Service", "collector-public").spec).toMatchObject({
      type: "LoadBalancer",
      selector: labels("collector-gateway"),
    });
  });

  test("collectors are a StatefulSet with a queue each, and end when nobody sends to them", () => {
    const { spec } = manifestsOf().find("StatefulSet", "collector");
    expect(spec.replicas).toBe(3);
    const { containers, terminationGracePeriodSeconds } = spec.template.spec;
    expect(containers[0].lifecycle).toEqual({ preStop: { sleep: { seconds: 25 } } });
    expect(terminationGracePeriodSeconds).toBe(85);
    expect(containers[0].env).toContainEqual({
      name: "REPLICA_NAME",
      valueFrom: { fieldRef: { fieldPath: "metadata.name" } },
    });
  });

  test("gateways are a Deployment of two, or of as many as an autoscaler wants", () => {
    const fixed = manifestsOf();
    expect(fixed.find("Deployment", "collector-gateway").spec.replicas).toBe(2);
    expect(fixed.find("HorizontalPodAutoscaler", "collector-gateway")).toBeUndefined();
    const { find } = manifestsOf(SCALED);
    expect(find("Deployment", "collector-gateway").spec).not.toHaveProperty("replicas");
    const { cpus } = limitsOf(config, "collector-gateway");
    expect(find("HorizontalPodAutoscaler", "collector-gateway").spec).toMatchObject({
      scaleTargetRef: { kind: "Deployment", name: "collector-gateway" },
      minReplicas: 2,
      maxReplicas: 6,
      metrics: [
        {
          resource: {
            name: "cpu",
            target: { type: "AverageValue", averageValue: `${Math.round(cpus * 600)}m` },
          },
        },
      ],
    });
    for (const name of ["collector", "collector-gateway"]) {
      expect(find("PodDisruptionBudget", name).spec.maxUnavailable).toBe(1);
    }
  });

  test("each replica is made for its part while another is away", () => {
    const of = (replicas: object) =>
      capacityOf(configOf({ replicas: { collector: 3, ...replicas } }), "collector").spansPerSecond;
    expect(of({})).toBe(1000);
    expect(of({ collector: 2 })).toBe(2000);
    expect(of({ collector: 1 })).toBe(2000);
    const collector = workloadsOf(config).find(({ name }) => name === "collector");
    expect(documentOf(collector as never, "collector.yaml")).toContain("max_items: 15000");
  });

  test("documents say nothing of the target", () => {
    const [onDocker, onKubernetes] = [containerLayout, kubernetesLayout].map((layout) =>
      workloadsOf(config, layout)
        .filter(({ name }) => name.startsWith("collector"))
        .flatMap(({ files }) => files.map(({ content }) => content))
        .join("\n"),
    );
    expect(
      onKubernetes
        .replaceAll("hostname: collector-headless", "hostname: collector")
        .replaceAll("0.0.0.0:13133", "127.0.0.1:13133"),
    ).toBe(onDocker);
  });
});

test("one collector has no gateway, and no trace of one", () => {
  const config = parseConfig(
    { target: "kubernetes", kubernetes: { context: "example" } },
    { stack: "dev", environment: {} },
  );
  const text = JSON.stringify([
    workloadsOf(config),
    certificateSpecs(config),
    [...manifests(config, workloadsOf(config)).values()],
  ]);
  expect(text).not.toMatch(/collector-gateway|handover|REPLICA_NAME/);
});
