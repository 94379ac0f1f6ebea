import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { ApiServer } from "../helpers/api-server";
import type { Manifest } from "../helpers/cluster-objects";
import { makeNamespace, makePod, type PodOptions } from "../helpers/cluster-pods";
import { manifestsOnCluster, onCluster } from "../helpers/kubernetes-manifests";
import { lackingForAccounts, podAccount, tokenOf } from "../helpers/pod-account";
import { eventually } from "../helpers/ports";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { get } from "../helpers/requests";
import { programPath } from "../helpers/servers";
import { describeUnless, describeWith } from "../helpers/skip";

const OPTIONS = {
  kubernetes: { podMetrics: { namespaces: ["shop", "web"] } },
  tuning: { prometheus: { scrapeInterval: "1s" } },
  apps: [
    { name: "till", namespace: "shop" },
    { name: "impostor", namespace: "shop" },
  ],
};
const MAIN = "tracekeep-dev";
const RIGHTS = ["ServiceAccount", "Role", "RoleBinding"];

interface Target {
  labels: Record<string, string>;
  scrapePool: string;
  scrapeUrl: string;
  health: string;
  lastError: string;
}

describeUnless(lackingForAccounts(), "On a cluster", () => {
  describeWith(["etcd", "kube-apiserver", "prometheus", "promtool"], "Annotated pods", () => {
    let api: ApiServer;
    let stack: ProcessStack;
    const servers: Server[] = [];
    const asked: string[] = [];
    const callers: string[] = [];

    const answer: RequestListener = ({ url = "", socket }, response) => {
      asked.push(url);
      response.setHeader("content-type", "text/plain; version=0.0.4");
      if ("getPeerCertificate" in socket)
        callers.push(String((socket as TLSSocket).getPeerCertificate().subject.CN));
      if (url === "/moved") response.writeHead(302, { location: "/elsewhere" });
      response.end("shop_sales_total 7\n");
    };
    const listening = async (server: Server): Promise<number> => {
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return (server.address() as AddressInfo).port;
    };
    /** What answers with the certificate of an application. */
    const certified = (name: string) => {
      const read = (file: string) => readFileSync(join(stack.pki.identity(name), file));
      const ca = readFileSync(join(stack.pki.trust, "root.crt"));
      const tls = { cert: read("tls.crt"), key: read("tls.key"), ca };
      return createTlsServer({ ...tls, requestCert: true, rejectUnauthorized: true }, answer);
    };

    /** Targets by the pod that they are, but for Prometheus' own. */
    const targets = async () => {
      const { body } = await get(stack, "prometheus", "/api/v1/targets?state=active");
      const { data } = JSON.parse(body) as { data: { activeTargets: Target[] } };
      return data.activeTargets.filter(({ scrapePool }) => scrapePool.startsWith("annotated_pods"));
    };
    const targetOf = async (pod: string): Promise<Target> => {
      const found = (await targets()).filter(({ labels }) => labels.pod === pod);
      expect(found).toHaveLength(1);
      return found[0];
    };
    const asAccount = async (path: string, method = "GET"): Promise<number> => {
      const token = await tokenOf(api, MAIN, "prometheus");
      return (await api.ask(path, method, undefined, undefined, token)).status;
    };

    beforeAll(async () => {
      api = await ApiServer.start();
      for (const name of [MAIN, "shop", "web", "other"]) await makeNamespace(api, name);
      const rights = manifestsOnCluster(OPTIONS).filter(({ kind }) => RIGHTS.includes(kind));
      for (const one of rights)
        expect(await api.apply(one as Manifest)).toMatchObject({ status: 201 });
      stack = await startStack({
        config: onCluster(OPTIONS),
        services: ["prometheus"],
        accounts: { prometheus: await podAccount(api, MAIN, "prometheus") },
      });
      const port = String(await listening(createServer(answer)));
      const till = String(await listening(certified("till")));
      const impostor = String(await listening(certified("impostor")));
      const pod = (name: string, rest: Partial<PodOptions> = {}, annotations = {}) =>
        makePod(api, {
          name,
          namespace: "shop",
          address: "127.0.0.1",
          ...rest,
          annotations: Object.fromEntries(
            Object.entries({ scrape: "true", port, ...annotations }).map(
              ([key, value]) => [`prometheus.io/${key}`, value] as const,
            ),
          ),
        });
      const application = { "tracekeep.io/sends-to": "dev", "tracekeep.io/application": "till" };
      const controller = (kind: string, name: string) => ({ apiVersion: "apps/v1", kind, name });
      await Promise.all([
        pod("named", { labels: { "app.kubernetes.io/name": "cart" } }, { path: "/stats" }),
        pod("declared", { namespace: "web", ports: [Number(port)] }, { port: "" }),
        pod("deployed-5d4-x", {
          labels: { "pod-template-hash": "5d4" },
          owner: controller("ReplicaSet", "deployed-5d4"),
        }),
        pod("stored-0", { owner: controller("StatefulSet", "stored") }),
        pod("mimic", { labels: { "app.kubernetes.io/name": "tempo" } }),
        pod("moved", {}, { path: "/moved" }),
        pod("till", { labels: application }, { scheme: "https", port: till }),
        pod("false-till", { labels: application }, { scheme: "https", port: impostor }),
        pod("unknown-tls", {}, { scheme: "https", port: till }),
        pod("silent", {}, { scrape: "false" }),
        pod("portless", {}, { port: "metrics" }),
        pod("ended", { phase: "Succeeded" }),
        pod("foreign", { namespace: "other" }),
      ]);
    }, 120_000);
    afterAll(async () => {
      await stack?.stop();
      await api?.stop();
      for (const server of servers) server.close();
    }, 60_000);

    test("are taken for valid by promtool", () => {
      const file = join(stack.layout("prometheus").config, "prometheus.yml");
      expect(() =>
        execFileSync(programPath("promtool"), ["check", "config", file], { stdio: "pipe" }),
      ).not.toThrow();
    });

    test("are found in the namespaces that are named, and no others", async () => {
      await eventually(
        async () => {
          const found = await targets();
          expect(
            Object.fromEntries(found.map(({ labels, health }) => [labels.pod, health])),
          ).toEqual({
            named: "up",
            declared: "up",
            "deployed-5d4-x": "up",
            "stored-0": "up",
            mimic: "up",
            moved: "down",
            till: "up",
            "false-till": "down",
          });
        },
        { timeout: 20_000 },
      );
    }, 30_000);

    test("are jobs by what they belong to, and none takes the name of the stack's", async () => {
      const jobs = (await targets()).map(({ labels }) => [
        labels.pod,
        labels.namespace,
        labels.job,
      ]);
      expect(jobs.sort()).toEqual(
        [
          ["named", "shop", "cart"],
          ["declared", "web", "declared"],
          ["deployed-5d4-x", "shop", "deployed"],
          ["stored-0", "shop", "stored"],
          ["mimic", "shop", "shop/tempo"],
          ["moved", "shop", "moved"],
          ["till", "shop", "till"],
          ["false-till", "shop", "till"],
        ].sort(),
      );
      const query = new URLSearchParams({ query: 'shop_sales_total{pod="named"}' });
      const { body } = await get(stack, "prometheus", `/api/v1/query?${query.toString()}`);
      const { data } = JSON.parse(body) as {
        data: { result: { metric: object; value: [number, string] }[] };
      };
      expect(data.result[0]).toMatchObject({
        metric: { job: "cart", namespace: "shop", deployment_environment_name: "dev" },
        value: [expect.anything(), "7"],
      });
      expect(asked).toContain("/stats");
    });

    test("are asked over mutual TLS where they have a certificate, and under its name alone", async () => {
      expect((await targetOf("till")).scrapeUrl).toMatch(/^https:/);
      expect(new Set(callers)).toEqual(new Set(["prometheus"]));
      expect((await targetOf("false-till")).lastError).toMatch(
        /certificate is valid for .*impostor.*, not till/,
      );
    });

    test("send Prometheus nowhere else", async () => {
      expect((await targetOf("moved")).lastError).toContain("302");
      expect(asked).toContain("/moved");
      expect(asked).not.toContain("/elsewhere");
    });

    test("are all that its account may read", async () => {
      const pods = (namespace: string) => `/api/v1/namespaces/${namespace}/pods`;
      for (const namespace of ["shop", "web"]) {
        expect(await asAccount(pods(namespace))).toBe(200);
        expect(await asAccount(`${pods(namespace)}?watch=1&timeoutSeconds=1`)).toBe(200);
      }
      expect(await asAccount(`${pods("shop")}/named`)).toBe(200);
      for (const path of [
        pods("other"),
        pods(MAIN),
        "/api/v1/pods",
        "/api/v1/namespaces",
        "/api/v1/nodes",
        "/api/v1/namespaces/shop/secrets",
        "/api/v1/namespaces/shop/configmaps",
        `${pods("shop")}/named/log`,
      ]) {
        expect([path, await asAccount(path)]).toEqual([path, 403]);
      }
      expect(await asAccount(`${pods("shop")}/named`, "DELETE")).toBe(403);
      expect(await asAccount(`${pods("shop")}/named/exec?command=id`, "POST")).toBe(403);
    });

    test("are not found in a namespace whose role is gone, and all else goes on", async () => {
      const role = `/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings/${MAIN}-prometheus`;
      expect((await api.ask(role, "DELETE")).status).toBe(200);
      await stack.restart("prometheus");
      await eventually(() =>
        Promise.resolve(
          expect(stack.log("prometheus", 50)).toContain('cannot list resource \\"pods\\"'),
        ),
      );
      await eventually(async () =>
        expect((await targets()).map(({ labels }) => labels.pod)).toEqual(["declared"]),
      );
    }, 40_000);
  });
});
