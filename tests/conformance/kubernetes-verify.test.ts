import { serviceWorkloads } from "../../components/stack/workloads";
import type { HopResult } from "../../components/verification/hop";
import type { VerificationTarget } from "../../components/verification/target";
import { parseConfig } from "../../config/parse";
import { DIALLED_SERVICES, type ServiceName } from "../../config/services";
import { clusterOf } from "../../targets/kubernetes/cluster";
import { kubernetesLayout } from "../../targets/kubernetes/layout";
import { addressesOf } from "../../targets/kubernetes/services";
import { Cluster, CLUSTER_PROGRAMS } from "../helpers/cluster";
import { rolledOut } from "../helpers/cluster-rollouts";
import { objectsOf } from "../helpers/cluster-stack";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { findProgram } from "../helpers/servers";
import { describeWith } from "../helpers/skip";
import { targetOf } from "../helpers/verification-target";
import { verifyCommand } from "../helpers/verify-apart";
import { lines, of, TIMEOUT } from "./verifying";

const OPTIONAL = ["grafana", "jaeger", "qdrant", "alertmanager"] as const;
const NEEDED = ["tempo", "collector", "prometheus", "loki", ...CLUSTER_PROGRAMS] as const;

// The way is the cluster's own: Service, pod, the API server's forward, the node's kubelet. At its end
// is a real server, as a process of this machine in place of the pod's.
describeWith(NEEDED, "verification through the API of a cluster", () => {
  const services: readonly ServiceName[] = DIALLED_SERVICES.filter(
    (service) => service !== "grafana" && findProgram(service) !== undefined,
  );
  const off = OPTIONAL.filter((service) => !services.includes(service));
  const config = parseConfig(
    {
      ...Object.fromEntries(off.map((service) => [service, { enabled: false }])),
      target: "kubernetes",
      kubernetes: { context: "tests" },
      tuning: { prometheus: { scrapeInterval: "2s" } },
    },
    { stack: "dev", environment: {} },
  );
  const at = clusterOf(config);
  const workloads = serviceWorkloads(config, { layout: kubernetesLayout });
  let stack: ProcessStack;
  let cluster: Cluster;

  beforeAll(async () => {
    stack = await startStack({ config, services });
    cluster = await Cluster.start({
      processes: workloads.map(({ name, ports }) => ({
        pod: `${name}-0`,
        namespace: at.namespace,
        ports: Object.fromEntries(
          ports.map((port) => [port.number, stack.port(name as ServiceName, port.name)]),
        ),
      })),
    });
    await cluster.apply(objectsOf(config, stack.pki));
    await rolledOut(cluster, at.namespace);
  }, TIMEOUT);
  afterAll(async () => {
    await Promise.all([cluster?.stop(), stack?.stop()]);
  }, TIMEOUT);

  /** The stack as it is seen from outside of the cluster. */
  const outside = (seconds: number, changes: object = {}): VerificationTarget => ({
    ...targetOf(stack, services, seconds),
    endpoints: Object.fromEntries(
      workloads.map((workload) => [workload.name, addressesOf(at, workload)]),
    ),
    remote: {
      kind: "kubernetes",
      kubeconfig: cluster.api.kubeconfig,
      context: cluster.api.context,
      namespace: at.namespace,
      ...changes,
    },
  });
  const verify = async (target: VerificationTarget) => {
    const { code, stdout, stderr } = await verifyCommand(target, ["--json"]);
    for (const secret of [target.application.key, target.operator.key]) {
      expect(stdout + stderr).not.toContain(secret.split("\n")[1]);
    }
    return { code, stderr, hops: (JSON.parse(stdout) as { hops: HopResult[] }).hops };
  };
  const unwell = (hops: readonly HopResult[]) =>
    hops.filter(({ status }) => status !== "ok" && status !== "skipped");

  test(
    "every hop is well, and they are those that Docker has",
    async () => {
      const [there, here] = await Promise.all([
        verify(outside(90)),
        verify(targetOf(stack, services, 90)),
      ]);
      expect(lines(unwell(there.hops))).toBe("");
      expect(there.code).toBe(0);
      const statuses = (hops: readonly HopResult[]) =>
        hops.map(({ id, name, status }) => ({ id, name, status }));
      expect(statuses(there.hops)).toEqual(statuses(here.hops));
      expect(of(there.hops, "ok").length).toBeGreaterThan(20);
    },
    TIMEOUT,
  );

  test(
    "a server that is gone behind its pod is named",
    async () => {
      await stack.kill("loki");
      try {
        const { code, hops } = await verify(outside(30));
        expect(of(hops, "failed")).toEqual(["loki.answers"]);
        expect(code).toBe(1);
      } finally {
        await stack.restart("loki");
      }
    },
    TIMEOUT,
  );

  test(
    "a namespace without the stack: no hop is well, and nothing is waited for in vain",
    async () => {
      const { code, hops } = await verify(outside(10, { namespace: "default" }));
      expect(of(hops, "ok")).toEqual([]);
      expect(of(hops, "failed")).toContain("tempo.answers");
      expect(code).toBe(1);
    },
    TIMEOUT,
  );
});
