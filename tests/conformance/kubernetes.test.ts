import { parse } from "yaml";
import { applicationWorkloads, serviceWorkloads } from "../../components/stack/workloads";
import { parseConfig } from "../../config/parse";
import { kubernetesLayout } from "../../targets/kubernetes/layout";
import { manifests } from "../../targets/kubernetes/manifests";
import { ApiServer } from "../helpers/api-server";
import type { Manifest } from "../helpers/cluster-objects";
import { makeNamespace } from "../helpers/cluster-pods";
import { OUTSIDE } from "../helpers/outside-options";
import { describeWith } from "../helpers/skip";

interface Pod {
  metadata: object;
  spec: { securityContext: object; containers: { image: string }[]; volumes: object[] };
}

const config = parseConfig(
  {
    target: "kubernetes",
    kubernetes: {
      context: "example",
      browsersFrom: ["ingress"],
      tolerations: [{ key: "monitoring", effect: "NoSchedule" }],
      nodeSelector: { disk: "fast" },
      attributes: { namespaces: ["shops", "tracekeep-dev"] },
      podMetrics: { namespaces: ["shops"] },
      egress: { objectStorage: ["198.51.100.0/24", "2001:db8::/32"], dns: ["169.254.20.10/32"] },
    },
    ...OUTSIDE,
    containerLogs: { enabled: true },
    apps: [{ name: "shop", image: "example.org/shop:1", scrape: { port: 9000 } }, ...OUTSIDE.apps],
  },
  { stack: "dev", environment: {} },
);
const target = { layout: kubernetesLayout };
const objects = [
  ...manifests(config, [
    ...serviceWorkloads(config, target),
    ...applicationWorkloads(config, target),
  ]).values(),
].map(
  (text) =>
    parse(text) as Manifest & {
      spec: { template?: Pod; volumeClaimTemplates?: { metadata: { name: string } }[] };
    },
);

describeWith(["etcd", "kube-apiserver"], "The manifests at a Kubernetes API server", () => {
  let cluster: ApiServer;
  const namespaces = objects.filter(({ kind }) => kind === "Namespace");
  const rest = objects.filter(({ kind }) => kind !== "Namespace");
  beforeAll(async () => {
    cluster = await ApiServer.start();
    for (const one of namespaces) expect((await cluster.apply(one)).status).toBe(201);
    await makeNamespace(cluster, "shops");
  }, 180_000);
  afterAll(() => cluster?.stop(), 30_000);

  const [place, nodes] = namespaces.map(({ metadata }) => metadata.name);
  const createPod = (template: Pod, namespace = place) =>
    cluster.ask(
      `/api/v1/namespaces/${namespace}/pods?dryRun=All&fieldValidation=Strict`,
      "POST",
      JSON.stringify({
        apiVersion: "v1",
        kind: "Pod",
        ...template,
        metadata: { ...template.metadata, generateName: "pod-" },
      }),
      "application/json",
    );
  const podsIn = (namespace: string) =>
    objects.filter(({ metadata }) => metadata.namespace === namespace).flatMap(podOf);
  const podOf = ({ metadata, spec }: (typeof objects)[number]) => {
    if (!spec?.template) return [];
    const { template, volumeClaimTemplates = [] } = spec;
    // What the StatefulSet's controller adds.
    const claims = volumeClaimTemplates.map(({ metadata: { name } }) => ({
      name,
      persistentVolumeClaim: { claimName: `${name}-${metadata.name}-0` },
    }));
    const volumes = [...template.spec.volumes, ...claims];
    return [[metadata.name, { ...template, spec: { ...template.spec, volumes } }] as const];
  };

  test("are taken one by one, first on trial, then for good, then again without a change", async () => {
    for (const round of [{ dryRun: true }, { dryRun: false }]) {
      for (const object of rest) {
        const { status, body } = await cluster.apply(object, round);
        expect({ object: `${object.kind}/${object.metadata.name}`, status, body }).toMatchObject({
          status: 201,
        });
      }
    }
    for (const object of rest) expect(await cluster.apply(object)).toMatchObject({ status: 200 });
  }, 120_000);

  test("what sees its node is admitted beside the others, and not among them", async () => {
    const pods = podsIn(nodes);
    expect(pods.map(([name]) => name)).toEqual(["log-agent"]);
    for (const [, template] of pods) {
      expect((await createPod(template, nodes)).status).toBe(201);
      const { status, body } = await createPod(template);
      expect(status).toBe(403);
      // Of all that `restricted` asks for it lacks these two.
      expect(body).toMatch(/violates PodSecurity.*hostPath/);
      expect(body).toMatch(/runAsNonRoot != true|runAsUser=0/);
      for (const other of ["allowPrivilegeEscalation", "capabilities", "seccompProfile"]) {
        expect(body).not.toContain(other);
      }
    }
  });

  test.each(podsIn(place))("the pod of %s is admitted under `restricted`", async (_, template) => {
    const { status, body } = await createPod(template);
    expect({ status, body }).toMatchObject({ status: 201 });
  });

  test("a pod that may become root is refused, and so is a field that there is not", async () => {
    const [[, template]] = podsIn(place);
    const refused = await createPod({
      ...template,
      spec: {
        ...template.spec,
        securityContext: { ...template.spec.securityContext, runAsNonRoot: false },
      },
    });
    expect(refused.status).toBe(403);
    expect(refused.body).toContain("violates PodSecurity");
    const misspelt = await createPod({
      ...template,
      spec: { ...template.spec, terminationGracePeriodSecond: 1 } as Pod["spec"],
    });
    expect(misspelt.status).toBe(400);
    expect(misspelt.body).toContain("unknown field");
  });

  test("a configuration stays as it is under its name; a certificate may change", async () => {
    const change = async (kind: string, pattern: RegExp, part: "data" | "stringData") => {
      const found = rest.find(
        (one) => one.kind === kind && pattern.test(one.metadata.name),
      ) as unknown as Manifest & Record<"data" | "stringData", Record<string, string>>;
      const [key] = Object.keys(found[part]);
      return cluster.apply({ ...found, [part]: { ...found[part], [key]: "changed" } });
    };
    expect(await change("ConfigMap", /^tempo-config-/, "data")).toMatchObject({ status: 422 });
    expect(await change("Secret", /^tempo-identity$/, "stringData")).toMatchObject({ status: 200 });
  });
});
