import { execFileSync } from "node:child_process";
import { parseAllDocuments } from "yaml";
import { ApiServer } from "../helpers/api-server";
import type { Manifest } from "../helpers/cluster-objects";
import { manifestsOnCluster } from "../helpers/kubernetes-manifests";
import { BY_BALANCER, BY_GATEWAY, BY_INGRESS } from "../helpers/outside-options";
import { eventually } from "../helpers/ports";
import { programPath } from "../helpers/servers";
import { describeWith } from "../helpers/skip";

const WAYS = { "by-ingress": BY_INGRESS, "by-gateway": BY_GATEWAY, "by-balancer": BY_BALANCER };

/** Every object of a stack with ways in, in a namespace of its own. */
const objectsOf = (namespace: keyof typeof WAYS) => {
  const options = WAYS[namespace];
  return manifestsOnCluster({ ...options, kubernetes: { ...options.kubernetes, namespace } });
};

describeWith(
  ["etcd", "kube-apiserver", "gateway-crds"],
  "Ways in at a Kubernetes API server",
  () => {
    let cluster: ApiServer;
    const definitions = () =>
      parseAllDocuments(
        execFileSync(programPath("gateway-crds"), { encoding: "utf8", maxBuffer: 2 ** 24 }),
      ).map((document) => document.toJS() as Manifest);

    beforeAll(async () => {
      cluster = await ApiServer.start();
    }, 180_000);
    afterAll(() => cluster?.stop(), 30_000);

    test("a route is refused where no Gateway API is installed", async () => {
      const [namespace, ...rest] = objectsOf("by-gateway");
      expect(await cluster.apply(namespace)).toMatchObject({ status: 201 });
      const route = rest.find(({ kind }) => kind === "TLSRoute");
      expect(await cluster.apply(route!, { dryRun: true })).toMatchObject({ status: 404 });
    }, 30_000);

    test.each(Object.keys(WAYS) as (keyof typeof WAYS)[])(
      "%s: every object is taken, first on trial, then for good, then again without a change",
      async (way) => {
        for (const definition of way === "by-gateway" ? definitions() : []) {
          expect((await cluster.apply(definition)).status).toBe(201);
        }
        const [namespace, ...rest] = objectsOf(way);
        expect([200, 201]).toContain((await cluster.apply(namespace)).status);
        // A definition is served a moment after it is taken.
        if (way === "by-gateway") {
          await eventually(async () => {
            const { body } = await cluster.ask("/apis/gateway.networking.k8s.io/v1");
            for (const kind of ["HTTPRoute", "TLSRoute", "BackendTLSPolicy"]) {
              expect(body).toContain(`"${kind}"`);
            }
          });
        }
        for (const round of [{ dryRun: true }, { dryRun: false }]) {
          for (const object of rest) {
            const { status, body } = await cluster.apply(object, round);
            expect({
              object: `${object.kind}/${object.metadata.name}`,
              status,
              body,
            }).toMatchObject({ status: 201 });
          }
        }
        for (const object of rest) {
          expect(await cluster.apply(object)).toMatchObject({ status: 200 });
        }
      },
      120_000,
    );

    test("what no certificate could be checked by is refused, and so is a field that there is not", async () => {
      const policy = objectsOf("by-gateway").find(({ kind }) => kind === "BackendTLSPolicy")!;
      const { validation } = policy.spec as { validation: object };
      const unnamed = {
        ...policy,
        spec: { ...policy.spec, validation: { ...validation, hostname: "" } },
      };
      expect(await cluster.apply(unnamed)).toMatchObject({ status: 422 });
      const misspelt = { ...policy, spec: { ...policy.spec, targetRef: [] } };
      const { status, body } = await cluster.apply(misspelt);
      expect({ status, body }).toMatchObject({ status: 500 });
    });
  },
);
