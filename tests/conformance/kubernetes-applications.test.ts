import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { targetFormat } from "../../commands/env";
import { certificateSpecs } from "../../components/pki/certificate-spec";
import { applicationGrants, applicationWorkloads } from "../../components/stack/workloads";
import { parseConfig } from "../../config/parse";
import { kubernetesTarget } from "../../targets/kubernetes";
import { kubernetesLayout } from "../../targets/kubernetes/layout";
import { manifests } from "../../targets/kubernetes/manifests";
import { ApiServer } from "../helpers/api-server";
import type { Manifest } from "../helpers/cluster-objects";
import { issuePki } from "../helpers/pki";
import { describeWith } from "../helpers/skip";

const NAMESPACE = "shops";
const config = parseConfig(
  {
    target: "kubernetes",
    kubernetes: { context: "example" },
    apps: [
      { name: "shop", namespace: NAMESPACE, qdrant: true, reads: ["tempo"] },
      { name: "beside" },
      { name: "run", image: "example.org/run:1", replicas: 2, probe: { port: 8080 } },
    ],
  },
  { stack: "dev", environment: {} },
);

/** A Deployment of somebody else, who has had telemetry before. */
const DEPLOYMENT = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: NAMESPACE },
  spec: {
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: {
        containers: [
          { name: "proxy", image: "example.org/proxy:1" },
          {
            name: "shop",
            image: "example.org/shop:1",
            envFrom: [{ configMapRef: { name: "settings" } }],
            env: [
              { name: "PORT", value: "8080" },
              { name: "OTEL_SERVICE_NAME", value: "unknown_service" },
              {
                name: "OTEL_EXPORTER_OTLP_ENDPOINT",
                valueFrom: { configMapKeyRef: { name: "settings", key: "otlp" } },
              },
            ],
            volumeMounts: [{ name: "cache", mountPath: "/cache" }],
          },
        ],
        volumes: [{ name: "cache", emptyDir: {} }],
      },
    },
  },
};

interface Container {
  name: string;
  envFrom?: unknown[];
  env?: {
    name: string;
    value?: string;
    valueFrom?: { configMapKeyRef: { name: string; key: string } };
  }[];
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean }[];
}

interface Deployment {
  spec: {
    template: {
      metadata: { labels: Record<string, string> };
      spec: {
        containers: Container[];
        volumes: { name: string; secret?: { secretName: string } }[];
      };
    };
  };
}

const DEPLOYMENTS = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`;
const COLLECTION = { Secret: "secrets", ConfigMap: "configmaps" } as Record<string, string>;

describeWith(["etcd", "kube-apiserver"], "An application of another namespace", () => {
  let cluster: ApiServer;
  const workloads = applicationWorkloads(config, { layout: kubernetesLayout });
  const objects = [...manifests(config, workloads, applicationGrants(config)).values()].map(
    (text) => parse(text) as Manifest,
  );
  const left = objects.filter(({ metadata }) => metadata.namespace === NAMESPACE);
  const keysOf = async ({ kind, metadata: { name } }: Manifest) => {
    const path = `/api/v1/namespaces/${NAMESPACE}/${COLLECTION[kind]}/${name}`;
    const { body } = await cluster.ask(path);
    return Object.keys((JSON.parse(body) as { data: object }).data);
  };
  const patch = (options: { container?: string } = {}) => {
    const text = targetFormat(config, "shop", { format: "k8s", ...options });
    const body = JSON.stringify(parse(text));
    const type = "application/strategic-merge-patch+json";
    return cluster.ask(`${DEPLOYMENTS}/web?fieldValidation=Strict`, "PATCH", body, type);
  };

  beforeAll(async () => {
    cluster = await ApiServer.start();
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } };
    for (const object of [namespace, ...objects, DEPLOYMENT as Manifest]) {
      const { status, body } = await cluster.apply(object);
      expect({ object: `${object.kind}/${object.metadata.name}`, status, body }).toMatchObject({
        status: 201,
      });
    }
  }, 180_000);
  afterAll(() => cluster?.stop(), 30_000);

  test("gets a Secret and a ConfigMap that stay where they are when a renewal changes them", async () => {
    expect(left.map(({ kind }) => kind).sort()).toEqual(["ConfigMap", "Secret"]);
    for (const object of left) {
      const part = object.kind === "Secret" ? "stringData" : "data";
      const { [part]: data } = object as unknown as Record<string, Record<string, string>>;
      const [key] = Object.keys(data);
      const changed = { ...object, [part]: { ...data, [key]: "renewed" } };
      expect(await cluster.apply(changed)).toMatchObject({ status: 200 });
    }
  });

  describe("with the patch of `env --format k8s`", () => {
    let deployment: Deployment;
    let container: Container;
    beforeAll(async () => {
      // Twice: who is not sure whether it was done does it again.
      await patch();
      const { status, body } = await patch();
      expect({ status, body }).toMatchObject({ status: 200 });
      deployment = JSON.parse(body) as Deployment;
      const { containers } = deployment.spec.template.spec;
      expect(containers.map(({ name }) => name).sort()).toEqual(["proxy", "shop"]);
      container = containers.find(({ name }) => name === "shop")!;
    });

    test("keeps what it had", () => {
      const { labels } = deployment.spec.template.metadata;
      expect(labels).toEqual({
        app: "web",
        "tracekeep.io/sends-to": "dev",
        "tracekeep.io/application": "shop",
      });
      expect(container.envFrom).toEqual([{ configMapRef: { name: "settings" } }]);
      expect(container.env).toContainEqual({ name: "PORT", value: "8080" });
      expect(container.volumeMounts).toContainEqual({ name: "cache", mountPath: "/cache" });
    });

    test("takes each variable from the ConfigMap, those that it had set itself too", async () => {
      const [variables] = left.filter(({ kind }) => kind === "ConfigMap");
      const taken = container.env?.filter(({ valueFrom }) => valueFrom) ?? [];
      const keys = await keysOf(variables);
      expect(taken.map(({ name }) => name).sort()).toEqual(keys.sort());
      for (const { name, value, valueFrom } of taken) {
        expect(value).toBeUndefined();
        expect(valueFrom).toEqual({
          configMapKeyRef: { name: variables.metadata.name, key: name },
        });
      }
    });

    test("mounts every file that a variable names", async () => {
      const [secret] = left.filter(({ kind }) => kind === "Secret");
      const { volumes } = deployment.spec.template.spec;
      const volume = volumes.find(({ secret: source }) => source !== undefined);
      expect(volume?.secret?.secretName).toBe(secret.metadata.name);
      const mount = container.volumeMounts?.find(({ name }) => name === volume?.name);
      expect(mount).toMatchObject({ readOnly: true });
      const files = (await keysOf(secret)).map((key) => `${mount?.mountPath}/${key}`);
      const { data } = left.find(({ kind }) => kind === "ConfigMap") as unknown as {
        data: Record<string, string>;
      };
      const named = Object.entries(data).flatMap(([name, value]) =>
        /CERTIFICATE|KEY|FILE/.test(name) ? [value] : [],
      );
      expect([...new Set(named)].sort()).toEqual(files.sort());
    });
  });

  test("is refused a container that there is not", async () => {
    const { status, body } = await patch({ container: "wev" });
    expect(status).toBe(422);
    expect(body).toContain("image: Required value");
  });

  test("dials names that stand in the servers' certificates", async () => {
    const directory = await mkdtemp(join(tmpdir(), "tracekeep-pki-"));
    try {
      const target = kubernetesTarget(config);
      const specs = certificateSpecs(config, (...of) => target.serverNames(...of));
      const pki = await issuePki(directory, specs);
      const { data } = left.find(({ kind }) => kind === "ConfigMap") as unknown as {
        data: Record<string, string>;
      };
      for (const [service, variable] of [
        ["collector", "OTEL_EXPORTER_OTLP_ENDPOINT"],
        ["qdrant", "QDRANT_URL"],
        ["tempo", "TEMPO_URL"],
      ]) {
        const leaf = new X509Certificate(await readFile(join(pki.identity(service), "tls.crt")));
        const { hostname } = new URL(data[variable]);
        expect(leaf.checkHost(hostname)).toBe(hostname);
        expect(leaf.checkHost(hostname.replace("tracekeep-dev", "elsewhere"))).toBeUndefined();
      }
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
