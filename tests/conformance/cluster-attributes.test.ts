import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { ApiServer } from "../helpers/api-server";
import { makeNamespace, makePod } from "../helpers/cluster-pods";
import type { Manifest } from "../helpers/cluster-objects";
import { promInstant } from "../helpers/data-source-api";
import { nameReplicas } from "../helpers/hosts";
import { sendJson } from "../helpers/intake";
import { manifestsOnCluster, onCluster } from "../helpers/kubernetes-manifests";
import { lackingForAccounts, podAccount, tokenOf, type PodAccount } from "../helpers/pod-account";
import { eventually, freePort } from "../helpers/ports";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { get, linesInLoki } from "../helpers/requests";
import { programPath } from "../helpers/servers";
import { describeUnless, describeWith } from "../helpers/skip";

const MAIN = "tracekeep-dev";
const OPTIONS = {
  kubernetes: { attributes: { namespaces: ["shop", "web"] } },
  jaeger: { enabled: false },
  sampling: { decisionWait: "1s" },
};
const TWO_TIERS = { ...OPTIONS, replicas: { collector: 2, "collector-gateway": 1 } };
const RIGHTS = ["ServiceAccount", "Role", "RoleBinding"];

/** What the cluster says of the sender, which is on loopback as all are here. */
const CART = {
  "k8s.namespace.name": "shop",
  "k8s.pod.name": "cart-5d4-x",
  "k8s.deployment.name": "cart",
  "k8s.node.name": "node-1",
};

type Attributes = Record<string, string>;

const hex = (bytes: number) => randomBytes(bytes).toString("hex");
const resourceOf = (attributes: Attributes) => ({
  attributes: Object.entries({ "service.name": "cart", ...attributes }).map(([key, value]) => ({
    key,
    value: { stringValue: value },
  })),
});
const now = () => `${Date.now()}000000`;

/** Sends a span of a resource. @returns what Tempo has of the resource. */
async function stored(stack: ProcessStack, attributes: Attributes = {}): Promise<Attributes> {
  const traceId = hex(16);
  const span = {
    traceId,
    spanId: hex(8),
    name: "sale",
    kind: 2,
    startTimeUnixNano: now(),
    endTimeUnixNano: now(),
  };
  const resourceSpans = [{ resource: resourceOf(attributes), scopeSpans: [{ spans: [span] }] }];
  await sendJson(stack, "traces", { resourceSpans });
  return eventually(
    async () => {
      const { status, body } = await get(stack, "tempo", `/api/v2/traces/${traceId}`);
      expect(status).toBe(200);
      const { trace } = JSON.parse(body) as {
        trace: {
          resourceSpans: {
            resource: { attributes: { key: string; value: { stringValue: string } }[] };
          }[];
        };
      };
      const [{ resource }] = trace.resourceSpans;
      return Object.fromEntries(
        resource.attributes.map(({ key, value }) => [key, value.stringValue]),
      );
    },
    { timeout: 20_000 },
  );
}

const ofCluster = (attributes: Attributes) =>
  Object.fromEntries(Object.entries(attributes).filter(([key]) => key.startsWith("k8s.")));

describeUnless(lackingForAccounts(), "On a cluster", () => {
  let api: ApiServer;
  const uids: Record<string, string> = {};

  const grant = async (options: object) => {
    for (const one of manifestsOnCluster(options).filter(({ kind }) => RIGHTS.includes(kind)))
      expect((await api.apply(one as Manifest)).status).toBeLessThan(300);
  };
  const withdraw = async (name: string) => {
    for (const namespace of ["shop", "web"]) {
      const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings/${MAIN}-${name}`;
      expect((await api.ask(path, "DELETE")).status).toBe(200);
    }
  };

  beforeAll(async () => {
    api = await ApiServer.start();
    for (const name of [MAIN, "shop", "web", "other"]) await makeNamespace(api, name);
    const address = "127.0.0.1";
    const controller = (kind: string, name: string) => ({ apiVersion: "apps/v1", kind, name });
    await makePod(api, {
      name: "cart-5d4-x",
      namespace: "shop",
      address,
      labels: { "pod-template-hash": "5d4" },
      owner: controller("ReplicaSet", "cart-5d4"),
    });
    // Of those that share the address the last would be taken.
    await makePod(api, { name: "ended", namespace: "shop", address, phase: "Succeeded" });
    uids.stranger = await makePod(api, { name: "stranger", namespace: "other", address });
    uids.stored = await makePod(api, {
      name: "stored-0",
      namespace: "web",
      address: "192.0.2.7",
      owner: controller("StatefulSet", "stored"),
    });
  }, 120_000);
  afterAll(() => api?.stop(), 30_000);

  const SERVICES = ["tempo", "loki", "prometheus", "collector"] as const;
  describeWith(["etcd", "kube-apiserver", ...SERVICES], "The collector", () => {
    let stack: ProcessStack;
    let account: PodAccount;
    beforeAll(async () => {
      await grant(OPTIONS);
      account = await podAccount(api, MAIN, "collector");
      stack = await startStack({
        config: onCluster(OPTIONS),
        services: SERVICES,
        accounts: { collector: account },
      });
    }, 90_000);
    afterAll(() => stack?.stop(), 60_000);

    test("is taken for valid by the program", () => {
      const { args } = stack.workloads.collector!;
      expect(() =>
        execFileSync(programPath("collector"), ["validate", ...args], { stdio: "pipe" }),
      ).not.toThrow();
    });

    test("says of a span which pod sent it, by the address that it came from", async () => {
      await eventually(async () => expect(await stored(stack)).toMatchObject(CART), {
        timeout: 30_000,
      });
      expect(Object.keys(ofCluster(await stored(stack))).sort()).toEqual(
        [...Object.keys(CART), "k8s.pod.uid"].sort(),
      );
    }, 60_000);

    test("says it of what others read, by what they say of its sender", async () => {
      expect(await stored(stack, { "k8s.pod.uid": uids.stored })).toMatchObject({
        "k8s.pod.name": "stored-0",
        "k8s.statefulset.name": "stored",
        "k8s.namespace.name": "web",
      });
      expect(await stored(stack, { "k8s.pod.ip": "192.0.2.7" })).toMatchObject({
        "k8s.pod.name": "stored-0",
      });
    }, 40_000);

    test("says nothing of a pod of another namespace, and changes nothing that was said", async () => {
      const said = { "k8s.pod.uid": uids.stranger };
      expect(ofCluster(await stored(stack, said))).toEqual(said);
      expect(await stored(stack, { "k8s.pod.name": "mine" })).toMatchObject({
        ...CART,
        "k8s.pod.name": "mine",
      });
    }, 40_000);

    test("says it of logs and metrics, too", async () => {
      const resource = resourceOf({ "service.instance.id": "1" });
      const record = { timeUnixNano: now(), body: { stringValue: "sold" } };
      await sendJson(stack, "logs", {
        resourceLogs: [{ resource, scopeLogs: [{ logRecords: [record] }] }],
      });
      const gauge = { dataPoints: [{ asDouble: 7, timeUnixNano: now() }] };
      await sendJson(stack, "metrics", {
        resourceMetrics: [{ resource, scopeMetrics: [{ metrics: [{ name: "sales", gauge }] }] }],
      });
      const query =
        '{service_name="cart"} | k8s_pod_name="cart-5d4-x" | k8s_deployment_name="cart" | k8s_namespace_name="shop"';
      await eventually(async () => expect(await linesInLoki(stack, query)).toEqual(["sold"]), {
        timeout: 20_000,
      });
      await eventually(
        async () => {
          const info = `target_info{job="cart",k8s_pod_name="cart-5d4-x",k8s_namespace_name="shop"}`;
          const { series } = await promInstant(stack, info, Date.now() / 1000);
          expect(series).toHaveLength(1);
        },
        { timeout: 20_000 },
      );
    }, 50_000);

    test("may read pods of these namespaces, and nothing else", async () => {
      const token = await tokenOf(api, MAIN, "collector");
      const status = async (path: string) =>
        (await api.ask(path, "GET", undefined, undefined, token)).status;
      for (const namespace of ["shop", "web"])
        expect(await status(`/api/v1/namespaces/${namespace}/pods`)).toBe(200);
      for (const path of [
        "/api/v1/pods",
        "/api/v1/namespaces/other/pods",
        "/api/v1/namespaces/shop/secrets",
        "/apis/apps/v1/namespaces/shop/replicasets",
        "/api/v1/namespaces/shop",
        "/api/v1/nodes",
      ]) {
        expect([path, await status(path)]).toEqual([path, 403]);
      }
    });

    test("takes data all the same when its rights are gone, or the API is away", async () => {
      await withdraw("collector");
      await stack.restart("collector");
      await eventually(() =>
        Promise.resolve(
          expect(stack.log("collector", 200)).toMatch(/pods is forbidden: User .*:collector/),
        ),
      );
      expect(ofCluster(await stored(stack))).toEqual({});
      account.port = await freePort();
      await stack.startReplica("collector", 0);
      expect(ofCluster(await stored(stack))).toEqual({});
    }, 60_000);
  });

  const TIERS = ["tempo", "collector", "collector-gateway"] as const;
  describeWith(["etcd", "kube-apiserver", ...TIERS], "The first of two tiers", () => {
    let stack: ProcessStack;
    beforeAll(async () => {
      await grant(TWO_TIERS);
      stack = await startStack({
        config: onCluster(TWO_TIERS),
        services: TIERS,
        accounts: { "collector-gateway": await podAccount(api, MAIN, "collector-gateway") },
        lookUp: ["collector-gateway"],
        before: ({ directory }) => nameReplicas(directory, "collector", [0, 1]),
      });
    }, 90_000);
    afterAll(() => stack?.stop(), 60_000);

    test("says which pod sent a span; the second, which it dials, does not know", async () => {
      await eventually(async () => expect(await stored(stack)).toMatchObject(CART), {
        timeout: 40_000,
      });
    }, 60_000);
  });
});
