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
  replicas: number;
  volumeClaimTemplates?: unknown[];
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

describe("Grafana with replicas", () => {
  const database = { host: "db.example.org:5433", name: "g", user: "g", password: "pw" };
  const config = configOf({ grafana: 2 }, { grafana: { database } });

  const named = (of: typeof config) =>
    objectsOf("grafana", of).map(({ kind, metadata: { name } }) => `${kind}/${name as string}`);

  test("keeps nothing: pods of a Deployment, taken away one at a time", () => {
    expect(named(config)).toEqual(
      expect.arrayContaining([
        "Deployment/grafana",
        "Service/grafana",
        "Service/grafana-headless",
        "PodDisruptionBudget/grafana",
      ]),
    );
    const { replicas, template } = controllerOf("grafana", config);
    expect(replicas).toBe(2);
    expect(JSON.stringify(template)).not.toContain("persistentVolumeClaim");
    expect(named(config)).not.toContain("StatefulSet/grafana");
  });

  test("alone is found behind its address, as is the gateway, of which nobody dials each", () => {
    expect(named(configOf({}, { grafana: { database } }))).not.toContain(
      "Service/grafana-headless",
    );
    const gateway = objectsOf("collector-gateway", configOf({ collector: 2 }));
    expect(gateway.filter(({ kind }) => kind === "Service")).toHaveLength(1);
  });

  test("keeps its claim as long as it keeps its data itself", () => {
    const alone = configOf({});
    expect(named(alone)).toContain("StatefulSet/grafana");
    expect(controllerOf("grafana", alone).volumeClaimTemplates).toHaveLength(1);
    const one = configOf({}, { grafana: { database } });
    expect(named(one)).toContain("Deployment/grafana");
  });

  test("all read what one has encrypted: the key is one Secret's, made once", () => {
    const [{ secretFiles }] = serviceWorkloads(config, { layout: kubernetesLayout }).filter(
      ({ name }) => name === "grafana",
    );
    const key = secretFiles.find(({ secrets }) => secrets.includes("grafanaSecretKey"));
    const [container] = controllerOf("grafana", config).template.spec.containers;
    expect(container.env).toContainEqual({
      name: "GF_SECURITY_SECRET_KEY__FILE",
      value: key?.path,
    });
    expect(objectsOf("grafana", config).filter(({ kind }) => kind === "Secret")).toHaveLength(2);
  });

  test("Prometheus finds its pods by their addresses", () => {
    const workload = prometheusWorkload({ config, layout: kubernetesLayout("prometheus") });
    const { scrape_configs } = parse(documentOf(workload, "prometheus.yml")) as {
      scrape_configs: Record<string, unknown>[];
    };
    expect(scrape_configs.find(({ job_name }) => job_name === "grafana")).toMatchObject({
      tls_config: { server_name: "grafana" },
      dns_sd_configs: [{ names: ["grafana-headless"], type: "A", port: 3000 }],
      relabel_configs: [{ target_label: "deployment_environment_name", replacement: "dev" }],
    });
  });

  test("reaches its database, and nobody else does", () => {
    expect(edgesAt(5433, config)).toEqual(["grafana -> 0.0.0.0/0:5433", "grafana -> ::/0:5433"]);
    const egress = { database: ["192.0.2.7/32"] };
    const ranges = { kubernetes: { context: "example", egress } };
    const narrow = configOf({ grafana: 2 }, { grafana: { database }, ...ranges });
    expect(edgesAt(5433, narrow)).toEqual(["grafana -> 192.0.2.7/32:5433"]);
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
