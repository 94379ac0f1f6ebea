import { parse } from "yaml";
import { alertmanagerWorkload } from "../../components/alertmanager/config";
import { prometheusWorkload } from "../../components/prometheus/config";
import { qdrantWorkload } from "../../components/qdrant/config";
import { serviceWorkloads } from "../../components/stack/workloads";
import { parseConfig } from "../../config/parse";
import type { ServiceName } from "../../config/services";
import { kubernetesLayout } from "../../targets/kubernetes/layout";
import { clusterOf } from "../../targets/kubernetes/cluster";
import { networkPolicyOf } from "../../targets/kubernetes/network-policies";
import { NAMED, NAMED_MATERIALS } from "../../targets/kubernetes/texts";
import { workloadObjects } from "../../targets/kubernetes/workload-objects";
import { documentOf, expectGolden, workloadText } from "../helpers/golden";
import { policyEdges, type Policy } from "../helpers/policy-edges";

const configOf = (replicas: Record<string, number>, options: object = {}) =>
  parseConfig(
    { target: "kubernetes", kubernetes: { context: "example" }, replicas, ...options },
    { stack: "dev", environment: {} },
  );

const contextOf = (service: ServiceName, replicas: Record<string, number>, options?: object) => ({
  config: configOf(replicas, options),
  layout: kubernetesLayout(service),
});

/** The objects of a service, with this text as its certificate. */
function objectsOf(
  service: ServiceName,
  config: ReturnType<typeof configOf>,
  certificate = "[certificate]",
) {
  const [workload] = serviceWorkloads(config, { layout: kubernetesLayout }).filter(
    ({ name }) => name === service,
  );
  const materials = {
    ...NAMED_MATERIALS,
    identities: { [service]: { certificate, key: "[key]" } },
  };
  return workloadObjects(
    { cluster: clusterOf(config), materials, texts: NAMED },
    workload,
    "trust",
  );
}

interface Controller {
  minReadySeconds?: number;
  template: {
    metadata: { annotations?: Record<string, string> };
    spec: { containers: { args: string[]; env: { name: string }[] }[] };
  };
}

function controllerOf(...of: Parameters<typeof objectsOf>) {
  const found = objectsOf(...of).find(({ kind }) => /^(StatefulSet|Deployment)$/.test(kind));
  return (found as unknown as { spec: Controller }).spec;
}

/** Who may reach whom at a port: what is let in, then what is let out. */
function edgesAt(port: number, config: ReturnType<typeof configOf>): string[] {
  const policies = serviceWorkloads(config, { layout: kubernetesLayout }).map(
    (workload) => networkPolicyOf(clusterOf(config), workload) as unknown as Policy,
  );
  return (["ingress", "egress"] as const).flatMap((direction) =>
    [...policyEdges(policies, direction)].filter((edge) => edge.endsWith(`:${port}`)),
  );
}

/** `host:port` of the targets of a scrape job. */
function scraped(replicas: Record<string, number>, name: string): unknown {
  const workload = prometheusWorkload(contextOf("prometheus", replicas));
  const { scrape_configs } = parse(documentOf(workload, "prometheus.yml")) as {
    scrape_configs: {
      job_name: string;
      tls_config: { server_name: string };
      static_configs: { targets: string[] }[];
    }[];
  };
  const job = scrape_configs.find(({ job_name }) => job_name === name);
  return { server: job?.tls_config.server_name, targets: job?.static_configs[0].targets };
}

describe("Qdrant with replicas", () => {
  test("is as reviewed", () => {
    expectGolden(
      "qdrant-cluster.txt",
      workloadText(qdrantWorkload(contextOf("qdrant", { qdrant: 3 }))),
    );
  });

  test("every pod knows its own name and asks the first", () => {
    const [container] = controllerOf("qdrant", configOf({ qdrant: 3 })).template.spec.containers;
    expect(container.env).toContainEqual({
      name: "REPLICA_NAME",
      valueFrom: { fieldRef: { fieldPath: "metadata.name" } },
    });
    expect(container.args.slice(2)).toEqual([
      "--uri",
      "https://$(REPLICA_NAME).qdrant-headless:6335",
      "--bootstrap",
      "https://qdrant-0.qdrant-headless:6335",
    ]);
  });

  test("restarts for a renewed certificate, which p2p reads once; a single one does not", () => {
    const annotations = (replicas: number, certificate: string) =>
      controllerOf("qdrant", configOf({ qdrant: replicas }), certificate).template.metadata
        .annotations;
    expect(Object.keys(annotations(3, "before") ?? {})).toEqual(["tracekeep.io/qdrant-identity"]);
    expect(annotations(3, "before")).not.toEqual(annotations(3, "after"));
    expect(annotations(1, "before")).toBeUndefined();
  });

  test("is taken away one after another, each with time to catch up", () => {
    expect(controllerOf("qdrant", configOf({ qdrant: 3 })).minReadySeconds).toBe(20);
    expect(controllerOf("qdrant", configOf({ qdrant: 1 }))).not.toHaveProperty("minReadySeconds");
  });

  test("peers reach each other, and nobody else reaches p2p", () => {
    const config = configOf(
      { qdrant: 3 },
      { apps: [{ name: "shop", image: "shop:1", qdrant: true }] },
    );
    expect(edgesAt(6335, config)).toEqual(["qdrant -> qdrant:6335", "qdrant -> qdrant:6335"]);
    expect(edgesAt(6333, config).filter((edge) => edge === "qdrant -> qdrant:6333")).toHaveLength(
      2,
    );
  });

  test("opens no p2p alone", () => {
    const { ports } = qdrantWorkload(contextOf("qdrant", { qdrant: 1 }));
    expect(ports.map(({ name }) => name)).toEqual(["rest"]);
  });

  test("Prometheus scrapes each by its own name", () => {
    expect(scraped({ qdrant: 2 }, "qdrant")).toEqual({
      server: "qdrant",
      targets: ["qdrant-0.qdrant-headless:6333", "qdrant-1.qdrant-headless:6333"],
    });
    expect(scraped({}, "qdrant")).toEqual({ server: "qdrant", targets: ["qdrant:6333"] });
  });
});

describe("Alertmanager with replicas", () => {
  test("is as reviewed", () => {
    const context = contextOf("alertmanager", { alertmanager: 2 });
    expectGolden("alertmanager-pair.txt", workloadText(alertmanagerWorkload(context)));
  });

  test("every pod knows its own address, and dials the others by their names", () => {
    const config = configOf({ alertmanager: 2 });
    const [container] = controllerOf("alertmanager", config).template.spec.containers;
    expect(container.env).toContainEqual({
      name: "REPLICA_ADDRESS",
      valueFrom: { fieldRef: { fieldPath: "status.podIP" } },
    });
    expect(container.args).toEqual(
      expect.arrayContaining([
        "--cluster.advertise-address=$(REPLICA_ADDRESS):9094",
        "--cluster.peer=alertmanager-0.alertmanager-headless:9094",
        "--cluster.peer=alertmanager-1.alertmanager-headless:9094",
      ]),
    );
  });

  test("peers reach each other, and nobody else hears the gossip", () => {
    expect(edgesAt(9094, configOf({ alertmanager: 2 }))).toEqual([
      "alertmanager -> alertmanager:9094",
      "alertmanager -> alertmanager:9094",
    ]);
    expect(edgesAt(9094, configOf({}))).toEqual([]);
  });

  test("Prometheus tells and scrapes each", () => {
    const targets = [
      "alertmanager-0.alertmanager-headless:9093",
      "alertmanager-1.alertmanager-headless:9093",
    ];
    const workload = prometheusWorkload(contextOf("prometheus", { alertmanager: 2 }));
    const { alerting } = parse(documentOf(workload, "prometheus.yml")) as {
      alerting: { alertmanagers: { static_configs: { targets: string[] }[] }[] };
    };
    expect(alerting.alertmanagers[0].static_configs[0].targets).toEqual(targets);
    expect(scraped({ alertmanager: 2 }, "alertmanager")).toEqual({
      server: "alertmanager",
      targets,
    });
  });

  test("goes without gossip alone", () => {
    const { args, ports } = alertmanagerWorkload(contextOf("alertmanager", {}));
    expect(args.filter((word) => word.includes("cluster"))).toEqual(["--cluster.listen-address="]);
    expect(ports.map(({ name }) => name)).toEqual(["http"]);
  });
});
