import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { parseConfig } from "../../config/parse";
import { claimTemplate } from "../../targets/kubernetes/claims";
import { clusterOf } from "../../targets/kubernetes/cluster";
import { namespaceObjects } from "../../targets/kubernetes/namespace";
import { npmRun } from "../e2e/command";
import { Cluster, CLUSTER_PROGRAMS, STORAGE_CLASS } from "../helpers/cluster";
import { askHost } from "../helpers/cluster-host";
import { UNPULLABLE } from "../helpers/cluster-kubelet";
import { pathOf, storageClass, type Manifest } from "../helpers/cluster-objects";
import { objectsOf, pkiOf } from "../helpers/cluster-stack";
import { issuePki } from "../helpers/pki";
import { eventually, freePort } from "../helpers/ports";
import { describeWith } from "../helpers/skip";

interface Kubeconfig {
  clusters: { cluster: { server: string; "certificate-authority-data": string } }[];
  users: { user: { token: string } }[];
  contexts: { name: string; context: object }[];
  "current-context"?: string;
}

const OTHER_CLASS = "rigid";
const STACK = "host-questions";
const PLACE = `tracekeep-${STACK}`;

// Seconds, on a machine of its own.
jest.setTimeout(120_000);

describeWith(CLUSTER_PROGRAMS, "What the commands ask of a cluster", () => {
  let cluster: Cluster;
  let home: string;

  beforeAll(async () => {
    cluster = await Cluster.start();
    home = mkdtempSync(join(tmpdir(), "tracekeep-kube-home-"));
  }, 120_000);
  afterAll(async () => {
    await cluster?.stop();
    if (home) rmSync(home, { recursive: true, force: true });
  }, 30_000);

  /** A kubeconfig that differs from the operator's. */
  const kubeconfigWith = async (change: (config: Kubeconfig) => void) => {
    const config = parse(await readFile(cluster.api.kubeconfig, "utf8")) as Kubeconfig;
    change(config);
    const file = join(home, "kubeconfig");
    writeFileSync(file, stringify(config), { mode: 0o600 });
    return { kubeconfig: file };
  };

  /** What an `up` says that ends before anything is made. */
  const refused = async (kubernetes: object) => {
    const options = {
      "tracekeep:target": "kubernetes",
      "tracekeep:kubernetes": {
        kubeconfig: cluster.api.kubeconfig,
        context: cluster.api.context,
        ...kubernetes,
      },
    };
    writeFileSync(join(home, `Pulumi.${STACK}.yaml`), stringify({ config: options }));
    const ran = await npmRun("up", ["--stack", STACK], { TRACEKEEP_HOME: home });
    expect(ran).toMatchObject({ code: 1 });
    expect(ran.output).not.toMatch(/^\s+at .*:\d+/m);
    // Pulumi has not begun.
    expect(existsSync(join(home, "state"))).toBe(false);
    return ran.output;
  };

  describe("before `up` makes anything", () => {
    const CANNOT = /^Kubernetes cannot be used: (.*)\. Nothing was changed\.$/m;
    const reason = async (kubernetes: object) => CANNOT.exec(await refused(kubernetes))?.[1];

    test("a cluster that does not answer", async () => {
      const port = await freePort();
      const options = await kubeconfigWith(({ clusters: [{ cluster: found }] }) => {
        found.server = `https://127.0.0.1:${port}`;
      });
      expect(await reason(options)).toBe(
        `the cluster of context "tests" of ${options.kubeconfig}: no answer, connect ECONNREFUSED 127.0.0.1:${port}`,
      );
    });

    test("a cluster with a certificate of another", async () => {
      const { trust } = await issuePki(join(home, "other"), []);
      const root = await readFile(join(trust, "root.crt"));
      const options = await kubeconfigWith(({ clusters: [{ cluster: found }] }) => {
        found["certificate-authority-data"] = root.toString("base64");
      });
      expect(await reason(options)).toMatch(/no answer, .*certificate/);
    });

    test("credentials that it does not take", async () => {
      const options = await kubeconfigWith(({ users: [{ user }] }) => {
        user.token = "of-nobody";
      });
      expect(await reason(options)).toMatch(/: it does not take these credentials$/);
    });

    test("a file, or a context in it, that is not there", async () => {
      expect(await reason({ kubeconfig: join(home, "nothing") })).toContain(
        `there is no file ${join(home, "nothing")}`,
      );
      expect(await reason({ context: "other" })).toContain(
        `there is no context "other", ${cluster.api.kubeconfig} has tests`,
      );
    });

    test("several contexts, and none is named", async () => {
      const options = await kubeconfigWith(({ contexts }) => {
        contexts.push({ ...contexts[0], name: "another" });
      });
      expect(await reason({ ...options, context: undefined })).toContain(
        "kubernetes.context must name one of several contexts",
      );
    });

    test("a version that lacks what the manifests use", async () => {
      const old = await oldCluster(cluster);
      try {
        const options = await kubeconfigWith(({ clusters: [{ cluster: found }] }) => {
          found.server = `https://127.0.0.1:${(old.address() as AddressInfo).port}`;
        });
        expect(await reason(options)).toMatch(
          /: it is Kubernetes v1\.29\.3, and the stack needs 1\.30 or newer$/,
        );
      } finally {
        old.close();
      }
    });
  });

  describe("for what `up` would make", () => {
    const NO_ROOM =
      /^Nothing was changed: the cluster of .* has no room for stack "host-questions"\.$/m;
    const problems = async (kubernetes: object) => {
      const output = await refused(kubernetes);
      expect(output).toMatch(NO_ROOM);
      return [...output.matchAll(/^ {2}(?!done in|… still)(.*)$/gm)].map(([, line]) => line);
    };
    const setDefault = async (isDefault: boolean) => {
      const { metadata } = storageClass(STORAGE_CLASS, isDefault);
      const { status } = await cluster.api.ask(
        pathOf(storageClass(STORAGE_CLASS, isDefault)),
        "PATCH",
        JSON.stringify({ metadata }),
        "application/merge-patch+json",
      );
      expect(status).toBe(200);
    };

    test("a namespace of another, or of another stack, and one that is being deleted", async () => {
      await cluster.make({ apiVersion: "v1", kind: "Namespace", metadata: { name: "theirs" } });
      expect(await problems({ namespace: "theirs" })).toEqual([
        'namespace "theirs" is there and is not of stack "host-questions": give kubernetes.namespace another name',
      ]);
      const other = parseConfig(
        { target: "kubernetes", kubernetes: { context: "tests", namespace: "taken" } },
        { stack: "another", environment: {} },
      );
      await cluster.make(namespaceObjects(clusterOf(other))[0] as Manifest);
      expect(await problems({ namespace: "taken" })).toEqual([
        expect.stringMatching(/^namespace "taken" is there and is not of stack "host-questions"/),
      ]);
      const going = { apiVersion: "v1", kind: "Namespace", metadata: { name: "going" } };
      await cluster.make(going, {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "stays", namespace: "going", finalizers: ["example.org/stays"] },
      } as Manifest);
      await cluster.api.ask(pathOf(going), "DELETE");
      expect(await problems({ namespace: "going" })).toEqual([
        'namespace "going" is being deleted: try again when it is gone',
      ]);
    });

    test("namespaces of others that there are not", async () => {
      const namespaces = ["default", "nowhere"];
      expect(await problems({ attributes: { namespaces }, podMetrics: { namespaces } })).toEqual([
        'there is no namespace "nowhere" (kubernetes.attributes.namespaces)',
        'there is no namespace "nowhere" (kubernetes.podMetrics.namespaces)',
      ]);
    });

    test("storage classes that there are not", async () => {
      expect(
        await problems({ storageClass: "fast", placement: { tempo: { storageClass: "nvme" } } }),
      ).toEqual([
        `there is no storage class "nvme" (kubernetes.storageClass); the cluster has ${STORAGE_CLASS}`,
        `there is no storage class "fast" (kubernetes.storageClass); the cluster has ${STORAGE_CLASS}`,
      ]);
      await setDefault(false);
      expect(await problems({})).toEqual([
        `the cluster has no default storage class: name one of ${STORAGE_CLASS} in kubernetes.storageClass`,
      ]);
      await setDefault(true);
    });

    test("claims that are there, and cannot become what is asked for", async () => {
      const config = parseConfig(
        { target: "kubernetes", kubernetes: { context: "tests", storageClass: OTHER_CLASS } },
        { stack: STACK, environment: {} },
      );
      const at = clusterOf(config);
      const claim = (service: string) => {
        const { metadata, spec } = claimTemplate(at, service) as Manifest & { spec: object };
        const name = `${metadata.name}-${service}-0`;
        return {
          apiVersion: "v1",
          kind: "PersistentVolumeClaim",
          metadata: { ...metadata, name, namespace: PLACE },
          spec,
        };
      };
      const [namespace] = namespaceObjects(at) as Manifest[];
      await cluster.make(
        Object.assign(storageClass(OTHER_CLASS, false), { allowVolumeExpansion: false }),
        namespace,
        claim("qdrant"),
        claim("loki"),
        claim("grafana"),
      );
      const placement = { grafana: { storageClass: STORAGE_CLASS } };
      const volumes = { qdrant: "10Gi", loki: "30Gi" };
      expect(await problems({ storageClass: OTHER_CLASS, placement, volumes })).toEqual([
        `claim data-grafana-0 is of storage class "${OTHER_CLASS}" and cannot become one of "${STORAGE_CLASS}"`,
        `claim data-loki-0 has 24Gi and its storage class "${OTHER_CLASS}" lets none grow to 30Gi (kubernetes.volumes.loki)`,
        "claim data-qdrant-0 has 20Gi and cannot shrink to 10Gi (kubernetes.volumes.qdrant)",
      ]);
    });

    test("credentials that may not look there", async () => {
      const account = {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: "nobody", namespace: "default" },
      };
      await cluster.make(account);
      const { body } = await cluster.api.ask(
        `${pathOf(account)}/token`,
        "POST",
        JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} }),
        "application/json",
      );
      const options = await kubeconfigWith(({ users: [{ user }] }) => {
        user.token = (JSON.parse(body) as { status: { token: string } }).status.token;
      });
      expect(await refused(options)).toMatch(
        /^The cluster did not do what it was asked: it answered 403, .*is forbidden: User .* cannot list resource/m,
      );
    });
  });

  test("what does not run well is named with its cause, and what is stored by its claim", async () => {
    const options = {
      target: "kubernetes",
      kubernetes: { kubeconfig: cluster.api.kubeconfig, namespace: "unwell" },
      images: { overrides: { alertmanager: `example.org/${UNPULLABLE}:1` } },
    };
    const config = parseConfig(options, { stack: STACK, environment: {} });
    const wanted = ["unwell", "trust", "alertmanager", "jaeger", "qdrant"];
    const objects = objectsOf(config, await pkiOf(config, cluster.api.at("unwell"))).filter(
      ({ kind, metadata: { labels } }) =>
        kind === "Namespace" || wanted.includes(labels?.["app.kubernetes.io/name"] ?? ""),
    );
    const quota = {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "few", namespace: "unwell" },
      spec: { hard: { pods: "2" } },
    };
    const isQdrant = ({ kind, metadata: { name } }: Manifest) =>
      kind === "StatefulSet" && name === "qdrant";
    const pods = (used: string) =>
      eventually(async () =>
        expect(await cluster.get(pathOf(quota))).toMatchObject({
          status: { used: { pods: used } },
        }),
      );
    await cluster.apply([objects[0], quota]);
    await pods("0");
    await cluster.apply(objects.filter((object) => !isQdrant(object)));
    await pods("2");
    await cluster.apply(objects.filter(isQdrant));
    await eventually(
      async () => {
        const { unwell, dataVolumes, whyNoStores } = await askHost({ stack: STACK, options });
        expect(unwell.trimEnd().split("\n")).toEqual([
          "alertmanager-0 is not well (ImagePullBackOff: Back-off pulling the image: not found); it wrote nothing.",
          expect.stringMatching(/^qdrant has 0 of 1 pods \(.*exceeded quota: few/),
        ]);
        expect(dataVolumes).toEqual(["data-alertmanager-0", "data-jaeger-0", "data-qdrant-0"]);
        expect(whyNoStores).toMatch(/are for stacks on Docker: .* snapshots .*docs\/backup\.md/);
      },
      { timeout: 60_000 },
    );
  });
});

/** A server that says that it is an old cluster, with the API server's own certificate. */
async function oldCluster({ api }: Cluster): Promise<Server> {
  const key = await readFile(api.at("certificates/apiserver.key"), "utf8");
  const server = createServer({ key, cert: api.certificate }, (_, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ major: "1", minor: "29+", gitVersion: "v1.29.3" }));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return server;
}
