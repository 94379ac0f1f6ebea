import { readFileSync } from "node:fs";
import { join } from "node:path";
import { rawOptions } from "../../commands/stack-config";
import { parseConfig, type StackConfig } from "../../config/parse";
import { Cluster, CLUSTER_PROGRAMS, STORAGE_CLASS } from "../helpers/cluster";
import { UNPULLABLE } from "../helpers/cluster-kubelet";
import type { Manifest } from "../helpers/cluster-objects";
import {
  controllersIn,
  generationsOf,
  ownerOf,
  ownersOfOthers,
  podIds,
  podsIn,
  rolledOut,
} from "../helpers/cluster-rollouts";
import { objectsOf, pkiOf } from "../helpers/cluster-stack";
import type { Pki } from "../helpers/pki";
import { eventually } from "../helpers/ports";
import { describeWith } from "../helpers/skip";

const APPS = [{ name: "shop", image: "example.org/shop:1", scrape: { port: 9000 } }];

/** A developer's stack. */
const DEV = { apps: APPS };

const COMMITTED = rawOptions(
  readFileSync(join(__dirname, "../../Pulumi.prod.yaml"), "utf8"),
  "Pulumi.prod.yaml",
);

/** The stack of production, with replicas of what may have them. */
const PROD = {
  ...COMMITTED,
  replicas: { qdrant: 3, alertmanager: 2, grafana: 2 },
  grafana: {
    ...(COMMITTED.grafana as object),
    database: { host: "db.example.org:5432", name: "g", user: "g", password: "pw" },
  },
};

const CREDENTIALS = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "key" };

const configOf = (
  stack: string,
  { kubernetes, ...options }: { kubernetes?: object; [key: string]: unknown },
): StackConfig =>
  parseConfig(
    { target: "kubernetes", kubernetes: { context: "example", ...kubernetes }, ...options },
    { stack, environment: CREDENTIALS },
  );

const STACKS = [
  ["dev", DEV],
  ["prod", PROD],
] as const;

// Seconds, on a machine of its own. Each may wait for a rollout of three replicas.
jest.setTimeout(180_000);

describeWith(CLUSTER_PROGRAMS, "A stack on a cluster whose nodes are simulated", () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await Cluster.start();
  }, 120_000);
  afterAll(() => cluster?.stop(), 30_000);

  const events = async (place: string) =>
    (await cluster.list<{ message: string }>(`/api/v1/namespaces/${place}/events`)).map(
      ({ message }) => message,
    );

  describe.each(STACKS)("%s", (stack, options) => {
    const config = configOf(stack, options);
    const place = config.namePrefix;
    let pki: Pki;
    let objects: Manifest[];

    beforeAll(async () => {
      pki = await pkiOf(config, cluster.api.at(stack));
      objects = objectsOf(config, pki);
      await cluster.apply(objects);
      await rolledOut(cluster, place);
    }, 180_000);

    /** Applies all objects of changed options, and waits for what follows from it. */
    const change = async (changes: object) => {
      const before = await podIds(cluster, place);
      await cluster.apply(objectsOf(configOf(stack, { ...options, ...changes }), pki));
      await rolledOut(cluster, place);
      return ownersOfOthers(before, await podIds(cluster, place));
    };

    test("every pod runs, and each claim has a volume of the default class", async () => {
      const controllers = await controllersIn(cluster, place);
      const pods = await podsIn(cluster, place);
      expect(pods).toHaveLength(controllers.reduce((sum, { spec }) => sum + spec.replicas, 0));
      expect(pods.filter(({ status }) => status.phase !== "Running")).toEqual([]);
      interface Claim {
        spec: { storageClassName: string };
        status: { phase: string };
      }
      const claims = await cluster.list<Claim>(
        `/api/v1/namespaces/${place}/persistentvolumeclaims`,
      );
      const stores = controllers.filter(({ kind }) => kind === "StatefulSet");
      expect(claims).toHaveLength(stores.reduce((sum, { spec }) => sum + spec.replicas, 0));
      for (const { spec, status } of claims) {
        expect([spec.storageClassName, status.phase]).toEqual([STORAGE_CLASS, "Bound"]);
      }
    });

    test("everything that a pod mounts is there, with every file that it names", async () => {
      const mounted = (await podsIn(cluster, place)).flatMap(({ spec: { volumes } }) =>
        volumes.flatMap(({ configMap, secret }) => [
          ...(configMap ? [["configmaps", configMap.name, configMap.items] as const] : []),
          ...(secret ? [["secrets", secret.secretName, secret.items] as const] : []),
        ]),
      );
      expect(mounted.length).toBeGreaterThan(20);
      for (const [kind, name, items = []] of mounted) {
        const { data } = await cluster.get<{ data: Record<string, string> }>(
          `/api/v1/namespaces/${place}/${kind}/${name}`,
        );
        expect(Object.keys(data)).toEqual(expect.arrayContaining(items.map(({ key }) => key)));
      }
    });

    test("behind each Service stand the ready pods of its name", async () => {
      interface Slice {
        metadata: { labels: Record<string, string> };
        endpoints: { conditions: { ready: boolean }; targetRef: { name: string } }[] | null;
      }
      const services = await cluster.list<Manifest>(`/api/v1/namespaces/${place}/services`);
      expect(services.length).toBeGreaterThan(12);
      const pods = Object.keys(await podIds(cluster, place));
      // The controller of endpoints looks once a second.
      await eventually(async () => {
        const slices = await cluster.list<Slice>(
          `/apis/discovery.k8s.io/v1/namespaces/${place}/endpointslices`,
        );
        for (const { metadata } of services) {
          const ready = slices
            .filter(
              ({ metadata: { labels } }) => labels["kubernetes.io/service-name"] === metadata.name,
            )
            .flatMap(({ endpoints }) => endpoints ?? [])
            .filter(({ conditions }) => conditions.ready)
            .map(({ targetRef }) => targetRef.name);
          const own = pods.filter(
            (pod) => ownerOf(pod) === metadata.name.replace(/-(headless|guard)$/, ""),
          );
          expect([metadata.name, ready.sort()]).toEqual([metadata.name, own]);
        }
      });
    });

    test("applied again, nothing is rolled out", async () => {
      const before = generationsOf(await controllersIn(cluster, place));
      expect(await change({})).toEqual([]);
      expect(generationsOf(await controllersIn(cluster, place))).toEqual(before);
    });

    const identities = () =>
      objects.flatMap(({ metadata: { name } }) => /^(.+)-identity$/.exec(name)?.[1] ?? []);
    /** Identities of which the pods say that they are read at the start alone. */
    const readOnce = () =>
      identities().filter((name) =>
        objects.some((object) => JSON.stringify(object).includes(`tracekeep.io/${name}-identity"`)),
      );

    test("renewed certificates are in their Secrets, and nothing is rolled out", async () => {
      const before = generationsOf(await controllersIn(cluster, place));
      const secret = `/api/v1/namespaces/${place}/secrets/tempo-identity`;
      const read = async () => (await cluster.get<{ data: Record<string, string> }>(secret)).data;
      const old = await read();
      for (const name of identities().filter((identity) => !readOnce().includes(identity))) {
        await pki.reissue(name);
      }
      expect(await change({})).toEqual([]);
      const renewed = await read();
      expect(Object.keys(renewed)).toEqual(Object.keys(old));
      expect(renewed["tls.crt"]).not.toBe(old["tls.crt"]);
      expect(generationsOf(await controllersIn(cluster, place))).toEqual(before);
    });

    test("a changed document rolls out its own workload alone, and the old one stays", async () => {
      const configs = async () =>
        (await cluster.list<Manifest>(`/api/v1/namespaces/${place}/configmaps`)).map(
          ({ metadata }) => metadata.name,
        );
      const before = await configs();
      // With what production's file says of others.
      const tuning = { collector: { fsync: stack === "prod" }, tempo: { maxTraceSize: "40Mi" } };
      expect(await change({ tuning })).toEqual(["tempo"]);
      expect(await configs()).toEqual(expect.arrayContaining(before));
      expect((await configs()).filter((name) => !before.includes(name))).toEqual([
        expect.stringMatching(/^tempo-config-/),
      ]);
      // Back to what is there already.
      expect(await change({})).toEqual(["tempo"]);
    });

    // Last, for replicas go one after the other, each with time to catch up.
    test("a renewed certificate that is read at the start alone rolls out who reads it", async () => {
      const before = generationsOf(await controllersIn(cluster, place));
      const names = readOnce();
      expect(names).toEqual(stack === "prod" ? ["qdrant"] : []);
      for (const name of names) await pki.reissue(name);
      await cluster.apply(objectsOf(configOf(stack, options), pki));
      const after = generationsOf(await controllersIn(cluster, place));
      expect(Object.keys(after).filter((name) => after[name] !== before[name])).toEqual(names);
    });
  });

  describe("evictions", () => {
    const place = "tracekeep-prod";
    const evict = async (pod: string) => {
      const { status, body } = await cluster.api.ask(
        `/api/v1/namespaces/${place}/pods/${pod}/eviction`,
        "POST",
        JSON.stringify({
          apiVersion: "policy/v1",
          kind: "Eviction",
          metadata: { name: pod, namespace: place },
        }),
        "application/json",
      );
      return { status, body };
    };
    const cordon = async (name: string, unschedulable: boolean) => {
      const { status } = await cluster.api.ask(
        `/api/v1/nodes/${name}`,
        "PATCH",
        JSON.stringify({ spec: { unschedulable } }),
        "application/merge-patch+json",
      );
      expect(status).toBe(200);
    };
    const nodes = async () =>
      (await cluster.list<Manifest>("/api/v1/nodes")).map(({ metadata }) => metadata.name);

    // A test that fails leaves no node behind that the next one needs.
    afterEach(async () => {
      for (const name of await nodes()) await cordon(name, false);
    });

    test("a second replica stays while the first is away", async () => {
      // The budget counts who is well a moment after the pods of the last rollout are.
      await rolledOut(cluster, place);
      const budget = `/apis/policy/v1/namespaces/${place}/poddisruptionbudgets/qdrant`;
      await eventually(async () =>
        expect(await cluster.get(budget)).toMatchObject({ status: { disruptionsAllowed: 1 } }),
      );
      for (const name of await nodes()) await cordon(name, true);
      expect(await evict("qdrant-0")).toMatchObject({ status: 201 });
      const refused = await evict("qdrant-1");
      expect(refused.status).toBe(429);
      expect(refused.body).toContain("disruption budget");
      for (const name of await nodes()) await cordon(name, false);
      await rolledOut(cluster, place);
      await eventually(async () => expect(await evict("qdrant-1")).toMatchObject({ status: 201 }));
      await rolledOut(cluster, place);
    });

    test("a node is drained to its end, and every pod comes up elsewhere", async () => {
      await rolledOut(cluster, place);
      const [drained] = await nodes();
      await cordon(drained, true);
      const there = async () =>
        (await podsIn(cluster, place)).filter(({ spec }) => spec.nodeName === drained);
      expect((await there()).length).toBeGreaterThan(2);
      await eventually(async () => {
        for (const { metadata } of await there()) await evict(metadata.name);
        expect(await there()).toEqual([]);
      });
      await rolledOut(cluster, place);
    });
  });

  describe("what cannot be", () => {
    const PARTS = ["alertmanager", "trust"];

    /** A stack of which only Alertmanager is made, in a namespace of its own. */
    const alertmanagerOf = async (stack: string, options: object) => {
      const config = configOf(stack, { ...DEV, ...options });
      const objects = objectsOf(config, await pkiOf(config, cluster.api.at(stack)));
      return objects.filter(
        ({ kind, metadata: { labels } }) =>
          kind === "Namespace" || PARTS.includes(labels?.["app.kubernetes.io/name"] ?? ""),
      );
    };
    const conditions = async (place: string) =>
      (await podsIn(cluster, place)).flatMap(({ status }) =>
        (status.conditions ?? []).map(({ type, status: value, message }) => [type, value, message]),
      );

    test("a claim of a class that there is not: its pod waits, and says for what", async () => {
      await cluster.apply(
        await alertmanagerOf("slow", { kubernetes: { storageClass: "there-is-none" } }),
      );
      await eventually(async () => {
        expect(await conditions("tracekeep-slow")).toEqual([
          ["PodScheduled", "False", expect.stringContaining("PersistentVolumeClaim")],
        ]);
        expect(await events("tracekeep-slow")).toContainEqual(
          expect.stringContaining('storageclass.storage.k8s.io "there-is-none" not found'),
        );
      });
    });

    test("an image that cannot be had: its pod is not ready", async () => {
      const images = { overrides: { alertmanager: `example.org/${UNPULLABLE}:1` } };
      await cluster.apply(await alertmanagerOf("absent", { images }));
      await eventually(async () =>
        expect(await conditions("tracekeep-absent")).toContainEqual(["Ready", "False", undefined]),
      );
    });

    test("a pod that may become root: it is not made, and an event says why", async () => {
      const objects = await alertmanagerOf("weak", {});
      const weaker = JSON.stringify(objects).replaceAll(
        '"runAsNonRoot":true',
        '"runAsNonRoot":false',
      );
      await cluster.apply(JSON.parse(weaker) as Manifest[]);
      await eventually(async () =>
        expect(await events("tracekeep-weak")).toContainEqual(
          expect.stringContaining("violates PodSecurity"),
        ),
      );
      expect(await podsIn(cluster, "tracekeep-weak")).toEqual([]);
    });

    test("a smaller claim than there is: refused, and nothing is changed", async () => {
      const before = generationsOf(await controllersIn(cluster, "tracekeep-absent"));
      const objects = await alertmanagerOf("absent", {
        kubernetes: { volumes: { alertmanager: "512Mi" } },
      });
      const smaller = objects.find(({ kind }) => kind === "StatefulSet")!;
      const { status, body } = await cluster.api.apply(smaller);
      expect(status).toBe(422);
      expect(body).toContain("updates to statefulset spec");
      expect(generationsOf(await controllersIn(cluster, "tracekeep-absent"))).toEqual(before);
    });
  });
});
