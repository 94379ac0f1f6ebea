import { X509Certificate } from "node:crypto";
import type { Cluster } from "../helpers/cluster";
import type { Manifest } from "../helpers/cluster-objects";
import { podsIn, type Pod } from "../helpers/cluster-rollouts";
import type { RealNode } from "../helpers/node";
import { eventually } from "../helpers/ports";
import { describeUnless } from "../helpers/skip";
import { expectCode, say } from "./command";
import { lackingForNode } from "./needs";
import { NodeCluster } from "./node-cluster";
import { testsOnStack } from "./on-stack";
import { imageOptions } from "./stack";
import { urnsOf } from "./state";
import { brokenIn } from "./summary";

const MINUTE = 60_000;

interface RunningPod extends Pod {
  status: Pod["status"] & {
    podIP: string;
    containerStatuses: { ready: boolean; restartCount: number }[];
  };
}

interface Series {
  metric: { job: string };
  value: [at: number, value: string];
}

/** The part of a Secret that everybody may see. */
interface Secret extends Manifest {
  data: { "tls.crt": string };
}

// Containers run, probes are asked, files are mounted and policies are enforced: a node of its own, of
// this machine's kernel.
describeUnless(lackingForNode(), "a stack on Kubernetes, of pods that run", () => {
  const own = new NodeCluster();
  const { stack, place } = own;
  let node: RealNode;
  let cluster: Cluster;

  beforeAll(async () => {
    const { images, ...off } = imageOptions() as { images: { overrides: Record<string, string> } };
    // One program, and on a cluster the user is the pod's.
    images.overrides["log-agent"] = images.overrides.collector;
    ({ node, cluster } = await own.start(Object.values(images.overrides)));
    stack.configure({
      ...off,
      images,
      kubernetes: {
        kubeconfig: cluster.api.kubeconfig,
        context: cluster.api.context,
        attributes: { namespaces: ["kube-system"] },
        podMetrics: { namespaces: ["kube-system"] },
        // By the Service, and behind it.
        api: {
          addresses: ["10.96.0.1/32", `${node.machine.hostAddress}/32`],
          ports: [443, cluster.api.port],
        },
      },
      containerLogs: { enabled: true },
      // What is broken on purpose is waited for in vain.
      verification: { timeout: "60s" },
    });
  }, 5 * MINUTE);

  afterAll(() => own.stop(), MINUTE);

  /** The stack's pods by the name of what they run, all of them ready. */
  const running = async (): Promise<Record<string, RunningPod>> => {
    const pods = [...(await podsIn(cluster, place)), ...(await podsIn(cluster, `${place}-nodes`))];
    for (const { metadata, status } of pods as RunningPod[]) {
      expect({ pod: metadata.name, ...status.containerStatuses[0] }).toMatchObject({
        ready: true,
        restartCount: 0,
      });
    }
    return Object.fromEntries(
      (pods as RunningPod[]).map((pod) => [pod.metadata.labels["app.kubernetes.io/name"], pod]),
    );
  };

  /** Whether the first `up` went well; without it nothing else says anything. */
  const { onStack, cameUp } = testsOnStack(5 * MINUTE);

  test(
    "`up` brings every pod to readiness at its first start, and a trace through all of them",
    async () => {
      const ran = expectCode(await stack.run("up"), 0);
      cameUp();
      const [verified] = /^verified: .*$/m.exec(ran.output) ?? [];
      say(`first \`up\` until verified: ${ran.seconds.toFixed(1)} s; ${verified}`);
      expect(verified).toBeDefined();
      expect(Object.keys(await running())).toEqual(
        expect.arrayContaining(["collector", "log-agent", "loki", "prometheus", "tempo"]),
      );
    },
    5 * MINUTE,
  );

  onStack("policies let through what is in the connection table, and nothing else", async () => {
    const pods = await running();
    const reaches = (from: string, to: string, port: number) =>
      node.reaches(pods[from].status.podIP, pods[to].status.podIP, port);
    expect(reaches("prometheus", "tempo", 3200)).toBe(true);
    expect(reaches("prometheus", "tempo", 4317)).toBe(false);
    expect(reaches("loki", "tempo", 3200)).toBe(false);
    expect(reaches("tempo", "collector", 4317)).toBe(false);
  });

  onStack("who asks the cluster's API is answered, with the token of its account", async () => {
    const { collector, prometheus } = await running();
    const at = `/api/v1/namespaces/${place}/pods/collector-0/log`;
    const { body: log } = await cluster.api.ask(at);
    expect(log).toContain("k8s_attributes");
    expect(log).not.toMatch(/[Ff]ailed to (list|watch)/);
    const files = (name: string) => node.volumePath(collector.metadata.uid, name);
    const { podIP } = prometheus.status;
    await eventually(
      () => {
        const answer = node.machine.run(
          ...["curl", "--silent", "--show-error", "--resolve", `prometheus:9090:${podIP}`],
          ...["--cacert", `${files("configmap/trust")}/root.crt`],
          ...["--cert", `${files("secret/collector-identity")}/tls.crt`],
          ...["--key", `${files("secret/collector-identity")}/tls.key`],
          'https://prometheus:9090/api/v1/query?query=up%7Bnamespace="kube-system"%7D',
        );
        const { data } = JSON.parse(answer) as { data: { result: Series[] } };
        const found = data.result.map(({ metric, value }) => [metric.job, value[1]]);
        expect(found).toEqual([["coredns", "1"]]);
        return Promise.resolve();
      },
      { timeout: MINUTE, interval: 2000 },
    );
  });

  onStack("a renewed certificate is served by the pods that run", async () => {
    const before = await running();
    const leaves = urnsOf(stack, "tls:index/locallySignedCert:LocallySignedCert");
    const args = ["--replace", leaves.tempo, "--replace", leaves.collector, "--skip-preview"];
    const ran = expectCode(await stack.run("up", [], args), 0);
    say(`\`up\` with two renewed certificates until verified: ${ran.seconds.toFixed(1)} s`);
    const written = performance.now();
    for (const [name, port] of Object.entries({ tempo: 3200, collector: 4317 })) {
      const path = `/api/v1/namespaces/${place}/secrets/${name}-identity`;
      const { data } = await cluster.get<Secret>(path);
      const certificate = Buffer.from(data["tls.crt"], "base64").toString();
      const { uid } = before[name].metadata;
      await eventually(
        () => {
          const directory = node.volumePath(uid, `secret/${name}-identity`);
          const mounted = node.machine.run("cat", `${directory}/tls.crt`);
          expect(mounted).toBe(certificate.trim());
          const serial = node.servedSerial(`${before[name].status.podIP}:${port}`, name);
          expect(serial).toBe(new X509Certificate(certificate).serialNumber);
          return Promise.resolve();
        },
        { timeout: 2 * MINUTE, interval: 1000 },
      );
    }
    say(
      `served ${((performance.now() - written) / 1000).toFixed(1)} s after that \`up\` at the latest`,
    );
    const ids = (pods: Record<string, RunningPod>) =>
      Object.entries(pods).map(([name, { metadata }]) => [name, metadata.uid]);
    expect(ids(await running())).toEqual(ids(before));
  });

  onStack("what a missing edge breaks is found", async () => {
    const path = `/apis/networking.k8s.io/v1/namespaces/${place}/networkpolicies/loki`;
    const policy = await cluster.get<Manifest>(path);
    await cluster.api.ask(path, "DELETE");
    try {
      const pods = await running();
      await eventually(() => {
        const [from, to] = [pods.collector, pods.loki].map(({ status: { podIP } }) => podIP);
        expect(node.reaches(from, to, 3100)).toBe(false);
        return Promise.resolve();
      });
      const { output } = expectCode(await stack.run("verify"), 1);
      expect(brokenIn(output).join()).toMatch(/Loki|loki/);
    } finally {
      const { apiVersion, kind, metadata, spec } = policy as Manifest & { spec: object };
      const { name, namespace, labels } = metadata;
      await cluster.apply([
        { apiVersion, kind, metadata: { name, namespace, labels }, spec } as Manifest,
      ]);
    }
  });

  onStack("`destroy` ends every pod within its time", async () => {
    const ran = expectCode(await stack.run("destroy", ["--delete-data", "--yes"]), 0);
    say(`\`destroy\`: ${ran.seconds.toFixed(1)} s`);
    expect(await podsIn(cluster, place)).toEqual([]);
  });
});
