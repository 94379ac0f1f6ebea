import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parse } from "yaml";
import { environmentOf, targetFormat } from "../../commands/env";
import { operatorFiles } from "../../commands/operator-files";
import { closingWords } from "../../commands/up";
import { certificateSpecs } from "../../components/pki/certificate-spec";
import { ObservabilityStack } from "../../components/stack/observability-stack";
import {
  applicationGrants,
  applicationWorkloads,
  serviceWorkloads,
} from "../../components/stack/workloads";
import { strangersIdentity } from "../../components/verification/stranger";
import { parseConfig } from "../../config/parse";
import { dockerTarget } from "../../targets/docker";
import { kubernetesTarget } from "../../targets/kubernetes";
import { kubernetesLayout } from "../../targets/kubernetes/layout";
import { manifests } from "../../targets/kubernetes/manifests";
import { plainParts, record } from "../helpers/mocks";
import { policyEdges, type Policy } from "../helpers/policy-edges";

const APP = { name: "shop", namespace: "shops", version: "1.2", qdrant: true, reads: ["tempo"] };

/** Name of what is left for it. */
const GRANTED = "tracekeep-dev-shop";

const configOf = (options: object = {}) =>
  parseConfig(
    { target: "kubernetes", kubernetes: { context: "example" }, apps: [APP], ...options },
    { stack: "dev", environment: {} },
  );

interface Left {
  kind: string;
  metadata: { name: string; namespace: string; labels: Record<string, string> };
  type?: string;
  immutable: boolean;
  stringData: Record<string, string>;
  data: Record<string, string>;
}

function leftOf(config = configOf()): Left[] {
  const grants = applicationGrants(config);
  return [...manifests(config, [], grants).values()]
    .map((text) => parse(text) as Left)
    .filter(({ metadata }) => metadata.name === GRANTED);
}

describe("what is left for an application that the stack does not run", () => {
  const [secret, variables] = leftOf();

  test("is a Secret and a ConfigMap of its namespace, of constant name, to be refreshed in place", () => {
    expect(leftOf().map(({ kind, metadata: { namespace } }) => [kind, namespace])).toEqual([
      ["Secret", "shops"],
      ["ConfigMap", "shops"],
    ]);
    for (const { immutable, metadata } of [secret, variables]) {
      expect(immutable).toBe(false);
      expect(metadata.labels).toMatchObject({
        "app.kubernetes.io/instance": "dev",
        "app.kubernetes.io/name": "shop",
      });
    }
  });

  test("the Secret has what was asked for, and no more", () => {
    expect(secret.type).toBe("kubernetes.io/tls");
    expect(secret.stringData).toEqual({
      "ca.crt": "[certificates: root]",
      "tls.crt": "[certificate: shop]",
      "tls.key": "[key: shop]",
      "reader.crt": "[certificate: shop-reader]",
      "reader.key": "[key: shop-reader]",
      "qdrant-api-key": "[secret: qdrantApiKey]",
    });
    const [plain] = leftOf(configOf({ apps: [{ name: "shop" }] }));
    expect(Object.keys(plain.stringData)).toEqual(["ca.crt", "tls.crt", "tls.key"]);
    expect(plain.metadata.namespace).toBe("tracekeep-dev");
  });

  test("the variables name each file that is there, and servers by names in their certificates", () => {
    const { data } = variables;
    const files = Object.values(data).filter((value) => value.startsWith("/etc/tracekeep/"));
    expect([...new Set(files.map((file) => file.split("/").pop()))].sort()).toEqual(
      Object.keys(secret.stringData).sort(),
    );
    const config = configOf();
    const target = kubernetesTarget(config);
    const specs = certificateSpecs(config, (...of) => target.serverNames(...of));
    for (const [variable, service] of [
      ["OTEL_EXPORTER_OTLP_ENDPOINT", "collector"],
      ["QDRANT_URL", "qdrant"],
      ["TEMPO_URL", "tempo"],
    ]) {
      const { hostname } = new URL(data[variable]);
      expect(specs.find(({ name }) => name === service)?.dnsNames).toContain(hostname);
    }
    expect(data).toMatchObject({
      OTEL_EXPORTER_OTLP_ENDPOINT: "https://collector.tracekeep-dev.svc:4317",
      OTEL_RESOURCE_ATTRIBUTES: "service.version=1.2,deployment.environment.name=dev",
      OTEL_SERVICE_NAME: "shop",
    });
    // All keys of a ConfigMap may become variables of a container (`envFrom`).
    for (const key of Object.keys(data)) expect(key).toMatch(/^[A-Z][A-Z0-9_]*$/);
  });
});

describe("an application that the stack runs", () => {
  const objectsOf = (options: object) => {
    const config = configOf(options);
    const workloads = applicationWorkloads(config, { layout: kubernetesLayout });
    return [...manifests(config, workloads, applicationGrants(config)).values()].map(
      (text) => parse(text) as Left & { spec: Record<string, unknown> },
    );
  };
  const podOf = (options: object) => {
    const found = objectsOf(options).find(({ kind }) => kind === "Deployment");
    const { replicas, template } = found?.spec as {
      replicas: number;
      template: { spec: Record<string, unknown> & { containers: Record<string, unknown>[] } };
    };
    return { replicas, ...template.spec, container: template.spec.containers[0] };
  };
  const shop = { name: "shop", image: "example.org/shop:1" };

  test("is a Deployment without an account's token, with limits and without a probe", () => {
    const pod = podOf({ apps: [shop] });
    expect(pod).toMatchObject({ replicas: 1, automountServiceAccountToken: false });
    expect(pod.container).toMatchObject({
      imagePullPolicy: "IfNotPresent",
      resources: {
        requests: { cpu: "125m", memory: "64Mi" },
        limits: { cpu: "500m", memory: "256Mi" },
      },
    });
    expect(Object.keys(pod.container).filter((key) => /Probe$/.test(key))).toEqual([]);
    expect(objectsOf({ apps: [shop] }).some(({ metadata }) => metadata.name === GRANTED)).toBe(
      false,
    );
  });

  test("has replicas, one of which may be away, and probes where it was asked for them", () => {
    const apps = [{ ...shop, replicas: 2, probe: { port: 8080 } }];
    const pod = podOf({ apps });
    expect(pod.replicas).toBe(2);
    const httpGet = { port: 8080, path: "/healthz" };
    expect(pod.container).toMatchObject({
      startupProbe: { httpGet },
      readinessProbe: { httpGet },
      livenessProbe: { httpGet },
    });
    // The kubelet's way is no policy's to open.
    const texts = objectsOf({ apps }).map((object) => JSON.stringify(object));
    expect(texts.filter((text) => text.includes("8080"))).toHaveLength(1);
    expect(objectsOf({ apps }).map(({ kind }) => kind)).toContain("PodDisruptionBudget");
  });

  test("is run from an image that the nodes have, where none may be pulled", () => {
    const { container } = podOf({ apps: [shop], images: { pull: false } });
    expect(container.imagePullPolicy).toBe("Never");
  });
});

describe("policies", () => {
  const policiesOf = (app: object) => {
    const config = configOf({ apps: [{ name: "shop", ...app }] });
    const services = serviceWorkloads(config, { layout: kubernetesLayout });
    const texts = manifests(config, services, applicationGrants(config)).values();
    return [...texts].map((text) => parse(text) as Policy);
  };
  const edges = (app: object, direction: "ingress" | "egress", of: RegExp) =>
    [...policyEdges(policiesOf(app), direction)].filter((edge) => of.test(edge)).sort();

  test("let what it reads be dialled from its own pods alone, and what it sends by every sender's", () => {
    const app = { namespace: "shops", reads: ["tempo"], qdrant: true };
    expect(edges(app, "ingress", /^application/)).toEqual([
      "application shops/shop -> tempo:3200",
      "applications -> collector:4317",
      "applications -> collector:4318",
      "applications -> qdrant:6333",
    ]);
  });

  test("of another namespace are nobody's but its owner's", () => {
    expect(edges({ namespace: "shops", reads: ["tempo"] }, "egress", /^shop /)).toEqual([]);
  });

  test("in the stack's namespace let its pods out to what they were given, names and the outside", () => {
    const app = { reads: ["tempo"], qdrant: true };
    expect(edges(app, "ingress", /^application t/)).toEqual([
      "application tracekeep-dev/shop -> tempo:3200",
    ]);
    expect(edges(app, "egress", /^shop /)).toEqual([
      "shop -> 0.0.0.0/0:any",
      "shop -> ::/0:any",
      "shop -> collector:4317",
      "shop -> collector:4318",
      "shop -> qdrant:6333",
      "shop -> tempo:3200",
    ]);
    const own = policiesOf(app).find(({ metadata }) => metadata.name === "shop");
    expect(own?.spec.podSelector).toEqual({
      matchLabels: { "tracekeep.io/sends-to": "dev", "tracekeep.io/application": "shop" },
    });
    expect(JSON.stringify(own?.spec.egress)).toContain("kube-dns");
  });
});

describe("the program", () => {
  const run = (options: object = {}) => {
    const config = configOf(options);
    return record(() => {
      new ObservabilityStack("tracekeep", { config, target: kubernetesTarget(config) });
    });
  };

  test("leaves both, the keys as secrets, and nothing for one that it runs", async () => {
    const resources = await run({ apps: [APP, { name: "own", image: "example.org/own:1" }] });
    const left = resources.filter(({ name }) => name.includes("-granted-"));
    expect(left.map(({ type, name }) => `${type} ${name}`).sort()).toEqual([
      "kubernetes:core/v1:ConfigMap shop-granted-configmap",
      "kubernetes:core/v1:Secret shop-granted-secret",
    ]);
    const [{ inputs, raw }] = left.filter(({ type }) => type.endsWith("Secret"));
    expect(inputs.stringData).toMatchObject({ "qdrant-api-key": "generated-qdrantApiKey" });
    expect(JSON.stringify(inputs)).toContain("-----BEGIN PRIVATE KEY-----\\nshop\\n");
    expect(JSON.stringify(plainParts(raw))).not.toMatch(/PRIVATE KEY|generated-/);
  });

  test("leaves nothing on a Docker host", async () => {
    const config = parseConfig({ apps: [{ name: "shop" }] }, { stack: "dev", environment: {} });
    const resources = await record(() => {
      new ObservabilityStack("tracekeep", { config, target: dockerTarget(config) });
    });
    expect(resources.filter(({ name }) => name.includes("granted"))).toEqual([]);
  });
});

interface Patch {
  spec: {
    template: {
      metadata: unknown;
      spec: { containers: Record<string, unknown>[]; volumes: unknown };
    };
  };
}

describe("env --format k8s", () => {
  const print = (options: { container?: string } = {}, config = configOf()) =>
    targetFormat(config, "shop", { format: "k8s", ...options });

  test("prints a patch that mounts the Secret and takes each variable, and tells no key", () => {
    const text = print();
    const { template } = (parse(text) as Patch).spec;
    expect(template.metadata).toEqual({
      labels: { "tracekeep.io/sends-to": "dev", "tracekeep.io/application": "shop" },
    });
    const { containers, volumes } = template.spec;
    expect(volumes).toEqual([
      { name: "tracekeep", secret: { secretName: "tracekeep-dev-shop", defaultMode: 0o444 } },
    ]);
    const [{ name, env, volumeMounts }] = containers;
    expect(name).toBe("shop");
    expect(volumeMounts).toEqual([
      { name: "tracekeep", mountPath: "/etc/tracekeep", readOnly: true },
    ]);
    const [, { data }] = leftOf();
    expect((env as { name: string }[]).map((one) => one.name)).toEqual(Object.keys(data));
    expect(text).not.toMatch(/BEGIN|subPath|\[key|\[secret/);
    expect(text).toContain("kubectl --context example --namespace shops patch deployment NAME");
  });

  test("names the container that it is told", () => {
    expect(print({ container: "web" })).toContain("- name: web\n");
  });

  test("is refused for one that the stack runs, and on Docker, each in a sentence", () => {
    const run = configOf({ apps: [{ name: "shop", image: "example.org/shop:1" }] });
    expect(() => print({}, run)).toThrow('The stack runs "shop" itself');
    const docker = parseConfig({ apps: [{ name: "shop" }] }, { stack: "dev", environment: {} });
    expect(() => print({}, docker)).toThrow(
      'The format "k8s" is not for stack "dev", which runs on Docker at unix:///var/run/docker.sock. There it is one of sh, dotenv, json, rust, go, ts, python.',
    );
  });
});

describe("from the machine of who deploys", () => {
  const FORWARD = "kubectl --context example --namespace tracekeep-dev port-forward service/";
  const at = (service: string, port: number) => `${service}.tracekeep-dev.svc:${port}`;
  const endpoints = {
    collector: { otlpGrpc: at("collector", 4317) },
    grafana: { https: at("grafana", 3000) },
    prometheus: { http: at("prometheus", 9090) },
    qdrant: { rest: at("qdrant", 6333) },
    tempo: { http: at("tempo", 3200) },
  };
  let directory: string;
  beforeAll(() => {
    directory = fs.mkdtempSync(path.join(os.tmpdir(), "tracekeep-env-"));
  });
  afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

  test("an application gets loopback addresses and the forwards that lead from there", async () => {
    const pair = await strangersIdentity("shop");
    const applications = { shop: { ...pair, reader: pair, qdrantApiKey: "QDRANT-KEY" } };
    const outputs = { endpoints, applications, operator: { ...pair, root: "ROOT" } };
    const { text, first } = environmentOf(configOf(), outputs, "shop", {
      format: "json",
      directory: path.join(directory, "app"),
    });
    expect(JSON.parse(text)).toMatchObject({
      OTEL_EXPORTER_OTLP_ENDPOINT: "https://localhost:4317",
      QDRANT_URL: "https://localhost:6333",
      TEMPO_URL: "https://localhost:3200",
    });
    expect(first).toEqual(
      ["collector 4317", "tempo 3200", "qdrant 6333"].map((service) => `${FORWARD}${service}`),
    );
  });

  test("the operator is told the forwards before the pages", async () => {
    const pair = await strangersIdentity("operator");
    const outputs = { endpoints, applications: {}, operator: { ...pair, root: "ROOT" } };
    const text = await operatorFiles(configOf(), outputs, path.join(directory, "operator"));
    expect(text).toContain(`${FORWARD}prometheus 9090`);
    expect(text).toContain("https://localhost:9090/query");
    expect(text.indexOf(FORWARD)).toBeLessThan(text.indexOf("In a browser"));
  });

  test("`up` ends with the way to Grafana", () => {
    const words = closingWords(configOf(), endpoints);
    expect(words).toContain("https://grafana.tracekeep-dev.svc:3000");
    expect(words).toMatch(
      /Then https:\/\/localhost:3000 is Grafana: +kubectl .* service\/grafana 3000\n/,
    );
  });
});
