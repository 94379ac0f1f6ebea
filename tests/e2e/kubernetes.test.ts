import { rmSync } from "node:fs";
import { Cluster } from "../helpers/cluster";
import type { Manifest } from "../helpers/cluster-objects";
import {
  controllersIn,
  generationsOf,
  ownersOfOthers,
  podIds,
  type Controller,
} from "../helpers/cluster-rollouts";
import { freePort } from "../helpers/ports";
import { describeUnless } from "../helpers/skip";
import { analyze, reported } from "./analyze";
import { expectCode, say, type Ran } from "./command";
import { FakeGrafana } from "./kubernetes-grafana";
import { lackingForCluster } from "./needs";
import { testsOnStack } from "./on-stack";
import { TestStack, type Options } from "./stack";
import { exported, secretsOf, urnsOf } from "./state";
import { changesIn } from "./summary";

const MINUTE = 60_000;

interface Claim extends Manifest {
  metadata: { name: string; uid: string };
  spec: { resources: { requests: { storage: string } } };
}

interface Secret extends Manifest {
  data: Record<string, string>;
}

// Simulated pods carry no traffic: what is shown is what the engine, the provider and the cluster do.
describeUnless(lackingForCluster(), "a stack on Kubernetes, of simulated nodes", () => {
  const stack = new TestStack({});
  const place = `tracekeep-${stack.name}`;
  const grafana = new FakeGrafana();
  let cluster: Cluster;

  beforeAll(async () => {
    const port = await freePort();
    cluster = await Cluster.start({
      processes: [{ pod: "grafana-0", namespace: place, ports: { 3000: port } }],
    });
    await grafana.start(cluster, place, port);
    stack.configure({ ...OPTIONS, kubernetes: kubernetes({}) });
  }, 3 * MINUTE);

  afterAll(async () => {
    grafana.stop();
    await cluster?.stop();
    rmSync(stack.home, { recursive: true, force: true });
  }, MINUTE);

  const OPTIONS: Options = {
    target: "kubernetes",
    verification: { enabled: false },
    // The namespace then is protected, as in production.
    volumes: { protect: true },
    replicas: { alertmanager: 2 },
    apps: [{ name: "shop", image: "example.org/shop:1", reads: ["tempo"] }],
  };
  const kubernetes = (more: object) => ({
    kubeconfig: cluster.api.kubeconfig,
    context: cluster.api.context,
    ...more,
  });

  const at = (kind: string) => `/api/v1/namespaces/${place}/${kind}`;
  const claims = async () => {
    const found = await cluster.list<Claim>(at("persistentvolumeclaims"));
    return Object.fromEntries(found.map((claim) => [claim.metadata.name, claim]));
  };
  const claimIds = async () =>
    Object.fromEntries(
      Object.entries(await claims()).map(([name, { metadata }]) => [name, metadata.uid]),
    );
  const identities = async () =>
    Object.fromEntries(
      (await cluster.list<Secret>(at("secrets")))
        .filter(({ metadata: { name } }) => /-identity$/.test(name))
        .map(({ metadata, data }) => [metadata.name, data["tls.crt"]]),
    );

  /** Whether the first `up` went well; without it nothing else says anything. */
  let generated: Record<string, string>;
  const { onStack, cameUp } = testsOnStack(5 * MINUTE);

  /** Everything that is rolled out and runs, with what would show that it was replaced. */
  const running = async () => {
    const controllers = await controllersIn(cluster, place);
    const isReady = ({ spec, status }: Controller) => status.readyReplicas === spec.replicas;
    expect(controllers.filter((one) => !isReady(one))).toEqual([]);
    return { generations: generationsOf(controllers), pods: await podIds(cluster, place) };
  };
  const expectNoSecret = ({ output }: Pick<Ran, "output">) => {
    const { all } = secretsOf(stack);
    expect(all.length).toBeGreaterThan(20);
    for (const secret of all) expect(output.includes(secret)).toBe(false);
    expect(output).not.toMatch(/PRIVATE KEY/);
  };

  test(
    "`up` on an empty cluster rolls everything out, and shows no secret",
    async () => {
      const ran = expectCode(await stack.run("up"), 0);
      cameUp();
      say(`first \`up\` ${ran.seconds.toFixed(1)} s, ${changesIn(ran.output).at(-1)}`);
      expect(ran.output).toContain("skipped: verification");
      const { pods } = await running();
      expect(Object.keys(pods)).toEqual(expect.arrayContaining(["alertmanager-1", "tempo-0"]));
      expectNoSecret(ran);
      ({ generated } = secretsOf(stack));
      // Through the forward of the cluster's API, with the certificate that the stack gave Grafana.
      expect(grafana.calls).toEqual([`admin:${generated.grafanaAdminPassword}`]);
    },
    5 * MINUTE,
  );

  onStack("its state holds to every policy but those that its options break", async () => {
    const { output } = await analyze(exported(stack));
    expect(reported(output, "mandatory")).toEqual([
      "alert-receiver",
      "image-digest",
      "image-registry",
      "sampling",
      "storage-not-local",
      "verification",
    ]);
    expectNoSecret({ output });
  });

  onStack(
    "nor do the files of its state hold a secret in clear, or as the cluster has it",
    async () => {
      const state = stack.state();
      for (const secret of secretsOf(stack).all) expect(state.includes(secret)).toBe(false);
      const values = (await cluster.list<Secret>(at("secrets"))).flatMap(({ data }) =>
        Object.entries(data).flatMap(([file, value]) => (file === "tls.crt" ? [] : [value])),
      );
      expect(values.length).toBeGreaterThan(10);
      for (const value of values) expect(state.includes(value)).toBe(false);
      say(`state of ${Math.round(state.length / 1024)} KiB`);
    },
  );

  onStack("`preview` sees no change", async () => {
    const ran = expectCode(await stack.run("preview", [], ["--expect-no-changes"]), 0);
    const [, count] = /^ +(\d+) unchanged$/m.exec(ran.output) ?? [];
    say(`preview without changes: ${ran.seconds.toFixed(1)} s, ${count} resources`);
    expect(changesIn(ran.output)).toEqual([]);
  });

  onStack("a second `up`, with what the cluster says now, changes nothing", async () => {
    const before = await running();
    const ran = expectCode(await stack.run("up", [], ["--refresh"]), 0);
    expect(changesIn(ran.output)).toEqual([]);
    expect(await running()).toEqual(before);
    expectNoSecret(ran);
  });

  const drifted = async (code: number) => {
    const ran = expectCode(await stack.run("drift"), code);
    expectNoSecret(ran);
    return [...ran.stdout.matchAll(/^ {2}(\S.*)$/gm)].map(([, line]) => line);
  };
  const patch = async (path: string, change: object) => {
    const { status } = await cluster.api.ask(
      at(path),
      "PATCH",
      JSON.stringify(change),
      "application/merge-patch+json",
    );
    expect(status).toBe(200);
  };

  onStack("nothing is found changed behind its back, twice", async () => {
    expect(await drifted(0)).toEqual([]);
    expect(await drifted(0)).toEqual([]);
  });

  onStack("what was changed behind its back is named, and `up` takes it back", async () => {
    const [documents] = (await cluster.list<Manifest>(at("configmaps"))).filter(
      ({ metadata: { name } }) => name.startsWith("tempo-config-"),
    );
    const { name } = documents.metadata;
    // It cannot be edited; it can be another under the same name.
    await cluster.api.ask(at(`configmaps/${name}`), "DELETE");
    const { labels } = documents.metadata;
    await cluster.make({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace: place, labels },
      data: { "tempo.yaml": "edited: true" },
    } as Manifest);
    await patch("secrets/loki-identity", { data: { "tls.crt": "c3dhcHBlZA==" } });
    await cluster.api.ask(
      `/apis/apps/v1/namespaces/${place}/statefulsets/jaeger`,
      "PATCH",
      JSON.stringify({ spec: { replicas: 0 } }),
      "application/merge-patch+json",
    );
    await cluster.make({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "stranger", namespace: place },
      spec: {
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 1000,
          seccompProfile: { type: "RuntimeDefault" },
        },
        containers: [
          {
            name: "stranger",
            image: "example.org/stranger:1",
            securityContext: {
              allowPrivilegeEscalation: false,
              capabilities: { drop: ["ALL"] },
            },
          },
        ],
      },
    } as unknown as Manifest);
    const found = await drifted(2);
    expect(found).toEqual([
      expect.stringMatching(/^configMap tempo-config: data\.guard\.cfg was .*, is nothing$/),
      expect.stringMatching(/^configMap tempo-config: data\.guard\.sh was .*, is nothing$/),
      expect.stringMatching(
        /^configMap tempo-config: data\.tempo\.yaml was "# Tempo, .*, is "edited: true"$/,
      ),
      "configMap tempo-config: immutable was true, is nothing",
      expect.stringMatching(/^configMap tempo-config: metadata\.annotations was .*, is nothing$/),
      "pod stranger: runs in the stack's namespace, and is none of the stack's",
      "secret loki-identity-secret: data, a secret, is another",
      "statefulSet jaeger: spec.replicas was 1, is 0",
      `npm run up -- --stack ${stack.name} -- --refresh`,
    ]);
    await cluster.api.ask(at("pods/stranger"), "DELETE");
    expectCode(await stack.run("up", [], ["--refresh", "--skip-preview"]), 0);
    expect(await drifted(0)).toEqual([]);
    await running();
  });

  onStack("renewed certificates are in their Secrets, and nothing is rolled out", async () => {
    const before = await running();
    const old = await identities();
    const leaves = urnsOf(stack, "tls:index/locallySignedCert:LocallySignedCert");
    const names = Object.keys(old).map((name) => name.replace(/-identity$/, ""));
    const replace = names.flatMap((name) => ["--replace", leaves[name]]);
    expectCode(await stack.run("up", [], [...replace, "--skip-preview"]), 0);
    const now = await identities();
    expect(names).toEqual(expect.arrayContaining(["tempo", "collector", "shop"]));
    expect(Object.keys(now).filter((name) => now[name] === old[name])).toEqual([]);
    expect(await running()).toEqual(before);
    // What reads its certificate once is told.
    expect(grafana.calls).toHaveLength(2);
  });

  onStack(
    "changed options roll out the services whose documents change; a claim grows",
    async () => {
      const before = await running();
      const volumes = { loki: "30Gi" };
      stack.configure({
        alerts: { latency: "2s" },
        retention: { traces: "72h" },
        kubernetes: kubernetes({ volumes }),
      });
      expectCode(await stack.run("up"), 0);
      const after = await running();
      expect(ownersOfOthers(before.pods, after.pods)).toEqual(["grafana", "prometheus", "tempo"]);
      const { "data-loki-0": grown, "data-tempo-0": kept } = await claims();
      expect(grown.spec.resources.requests.storage).toBe("30Gi");
      expect(kept.spec.resources.requests.storage).toBe("64Gi");
    },
  );

  onStack("a claim that would shrink is refused, before anything is changed", async () => {
    const before = await running();
    stack.configure({ kubernetes: kubernetes({ volumes: { loki: "24Gi" } }) });
    const { output } = expectCode(await stack.run("up"), 1);
    expect(output).toContain(
      "claim data-loki-0 has 30Gi and cannot shrink to 24Gi (kubernetes.volumes.loki)",
    );
    expect(output).not.toMatch(/^Resources:/m);
    expect(await running()).toEqual(before);
    stack.configure({ kubernetes: kubernetes({ volumes: { loki: "30Gi" } }) });
  });

  onStack("what the cluster refuses is named with its cause, and the rest runs on", async () => {
    const before = await running();
    await cluster.make({
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "few", namespace: place },
      spec: { hard: { "count/configmaps": "1" } },
    } as Manifest);
    stack.configure({ retention: { traces: "48h" } });
    const { output } = expectCode(await stack.run("up"), 1);
    expect(output).toMatch(/configmaps "tempo-config-\w+" is forbidden: exceeded quota: few/);
    expect(output).toContain("`up` did not end well");
    expect(await running()).toEqual(before);
    await cluster.api.ask(at("resourcequotas/few"), "DELETE");
  });

  let kept: Record<string, string>;

  onStack("`destroy` leaves the namespace with its claims, and nothing else", async () => {
    kept = await claimIds();
    const ran = expectCode(await stack.run("destroy"), 0);
    for (const name of Object.keys(kept)) expect(ran.output).toContain(`volume ${name}`);
    expect(await claimIds()).toEqual(kept);
    expect(await controllersIn(cluster, place)).toEqual([]);
    const left = ["configmaps", "secrets", "services"].map(async (kind) =>
      (await cluster.list<Manifest>(at(kind))).map(({ metadata: { name } }) => name),
    );
    // The cluster's own.
    expect((await Promise.all(left)).flat()).toEqual(["kube-root-ca.crt"]);
  });

  onStack("`up` on kept claims takes them up again, with the earlier secrets", async () => {
    expectCode(await stack.run("up", [], ["--skip-preview"]), 0);
    await running();
    expect(await claimIds()).toEqual(kept);
    expect(secretsOf(stack).generated).toEqual(generated);
  });

  onStack("`destroy --delete-data --yes` leaves an empty namespace", async () => {
    const { output } = expectCode(await stack.run("destroy", ["--delete-data", "--yes"]), 0);
    expect(output).toContain("No data volume is left.");
    expect(await claims()).toEqual({});
    expect(await podIds(cluster, place)).toEqual({});
  });
});
