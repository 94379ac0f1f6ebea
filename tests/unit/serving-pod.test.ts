import type { V1Pod } from "@kubernetes/client-node";
import { servingPod } from "../../components/verification/serving-pod";

const pod = (name: string, ready: boolean, deletionTimestamp?: Date): V1Pod => ({
  metadata: { name, deletionTimestamp },
  status: { conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
});

const cluster = (items: V1Pod[], selector?: Record<string, string>) => {
  const asked: unknown[] = [];
  return {
    asked,
    readNamespacedService: () => Promise.resolve({ spec: { selector } }),
    listNamespacedPod: (request: unknown) => {
      asked.push(request);
      return Promise.resolve({ items });
    },
  };
};

const LABELS = { "app.kubernetes.io/name": "tempo", "app.kubernetes.io/instance": "dev" };

describe("the pod behind a Service", () => {
  test("is one that is ready and not ending", async () => {
    const pods = [pod("ending", true, new Date()), pod("starting", false), pod("serves", true)];
    const core = cluster(pods, LABELS);
    expect(await servingPod(core, "tracekeep", "tempo")).toBe("serves");
    expect(core.asked).toEqual([
      {
        namespace: "tracekeep",
        labelSelector: "app.kubernetes.io/name=tempo,app.kubernetes.io/instance=dev",
      },
    ]);
  });

  test("is looked for in vain where all are ending, or the Service chooses none", async () => {
    const core = cluster([pod("ending", true, new Date())], LABELS);
    await expect(servingPod(core, "tracekeep", "tempo")).rejects.toThrow(
      "no pod of the Service tempo is ready",
    );
    await expect(servingPod(cluster([]), "tracekeep", "tempo")).rejects.toThrow("chooses no pods");
  });
});
