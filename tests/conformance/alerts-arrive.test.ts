import { join } from "node:path";
import { parseConfig } from "../../config/parse";
import type { LoadResult } from "../bench/load";
import { faster } from "../helpers/faster";
import { loadIntake, sendAsApplication } from "../helpers/intake";
import { eventually } from "../helpers/ports";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { get } from "../helpers/requests";
import { describeUnless, describeWith } from "../helpers/skip";
import { fillVolume, lackingForVolumes, mountVolume, unmountVolume } from "../helpers/small-volume";
import { WebhookServer, type DeliveredAlert } from "../helpers/webhook";

/** Durations of alerts are divided by it, so that two minutes are twelve seconds. */
const FACTOR = 10;
/** Milliseconds between two signs of life. */
const INTERVAL = 10_000;
/** Milliseconds by which a busy machine may be late. */
const LATE = 2000;
const VOLUME_MIB = 128;

const lackingVolumes = lackingForVolumes();

interface SuppressedAlert {
  labels: Record<string, string>;
  status: { state: string; inhibitedBy: string[] };
}

describeWith(
  ["alertmanager", "prometheus", "collector", "tempo", "loki"],
  "Every alert arrives, from what happens to a webhook under a private CA",
  () => {
    let stack: ProcessStack;
    let webhook: WebhookServer;
    /** Milliseconds since 1970 at which everything went wrong. */
    let trouble: number;
    /** What applications met with that did not wait for Tempo. */
    let load: Promise<LoadResult>;
    const volume = () => join(stack.directory, "collector");

    /** Alerts that Alertmanager has. */
    const alerts = async (): Promise<SuppressedAlert[]> => {
      const { body } = await get(stack, "alertmanager", "/api/v2/alerts");
      return JSON.parse(body) as SuppressedAlert[];
    };

    /** Waits until an alert has come to a path since the trouble began. */
    const arrival = (path: string, name: string, labels: Record<string, string> = {}) =>
      eventually(
        () => {
          const found = webhook
            .taken(path)
            .filter(({ at }) => at > trouble)
            .flatMap((delivery) => delivery.alerts)
            .find(
              (alert) =>
                alert.labels.alertname === name &&
                Object.entries(labels).every(([key, value]) => alert.labels[key] === value),
            );
          if (!found) throw new Error(`${name} has not come to ${path}`);
          return Promise.resolve(found);
        },
        { timeout: 60_000 },
      );

    const configure = ({ ca, url }: { ca: string; url: (path: string) => string }) =>
      parseConfig(
        {
          tuning: { prometheus: { scrapeInterval: "1s" } },
          capacity: { spansPerSecond: 10, outage: "60s" },
          // Leaves of the tests live for a day.
          certificates: { lifetime: "12h", renewBefore: "2h" },
          alerts: {
            interval: "1s",
            lookback: "30s",
            receivers: [
              { name: "pager", url: url("/pager"), ca, severities: ["critical"] },
              { name: "chat", url: url("/chat"), ca },
            ],
            deadMansSwitch: { url: url("/alive"), ca, interval: `${INTERVAL / 1000}s` },
          },
          grafana: { enabled: false },
          jaeger: { enabled: false },
          qdrant: { enabled: false },
        },
        { stack: "dev", environment: {} },
      );

    /** Loads the intake until it refuses, once Tempo is known to be down. */
    const loadWithoutTempo = async () => {
      await eventually(
        async () =>
          expect((await alerts()).map(({ labels }) => labels)).toContainEqual(
            expect.objectContaining({ alertname: "TargetDown", service: "tempo" }),
          ),
        { timeout: 40_000 },
      );
      return loadIntake(stack, {
        shape: { spansPerTrace: 10, spansPerRequest: 100, attributes: "many" },
        seconds: 8,
        concurrency: 4,
        timeout: 2,
      });
    };

    beforeAll(async () => {
      webhook = await WebhookServer.start();
      stack = await startStack({
        config: configure({ ca: webhook.ca, url: (path) => webhook.url(path) }),
        services: ["alertmanager", "prometheus", "tempo", "loki", "collector"],
        secrets: {
          "alertReceiverUrl/pager": webhook.url("/pager"),
          "alertReceiverUrl/chat": webhook.url("/chat"),
          deadMansSwitchUrl: webhook.url("/alive"),
        },
        before: ({ directory }) => {
          if (lackingVolumes.length === 0) mountVolume(join(directory, "collector"), VOLUME_MIB);
        },
        mutate: (workload) => faster(workload, FACTOR),
      });
      await sendAsApplication(stack);
      await eventually(
        () => Promise.resolve(expect(webhook.taken("/alive").length).toBeGreaterThan(0)),
        { timeout: 30_000 },
      );
      trouble = Date.now();
      webhook.answerNext("/pager", 503, 503);
      await stack.kill("tempo");
      await stack.renew("loki", { lifetime: 600 });
      if (lackingVolumes.length === 0) await fillVolume(volume(), 0.93);
      load = loadWithoutTempo();
      // Those that need it see why it failed.
      load.catch(() => undefined);
    }, 180_000);
    afterAll(async () => {
      if (stack && lackingVolumes.length === 0) unmountVolume(volume());
      await stack?.stop();
      await webhook?.stop();
    }, 60_000);

    test("Tempo is killed: it is named as down, to both receivers", async () => {
      for (const path of ["/pager", "/chat"]) {
        const { annotations } = await arrival(path, "TargetDown", { service: "tempo" });
        expect(annotations.summary).toContain("tempo at 127.0.0.1:");
      }
    }, 90_000);

    test("a certificate is near its end", async () => {
      const { annotations } = await arrival("/pager", "CertificateEnds", { certificate: "loki" });
      expect(annotations.summary).toMatch(/loki \(leaf\) ends in \d+m/);
    }, 90_000);

    describeUnless(lackingVolumes, "a small volume", () => {
      test("is filled", async () => {
        const { labels, annotations } = await arrival("/pager", "DiskFills");
        expect(labels.mountpoint).toBe(volume());
        expect(annotations.summary).toMatch(/9\d\.\d+% full/);
      }, 90_000);
    });

    test("spans are refused", async () => {
      expect((await load).refused).toBeGreaterThan(0);
      await arrival("/chat", "CollectorPushesBack", { receiver: "otlp" });
    }, 90_000);

    test("what Tempo's end explains is not told", async () => {
      await load;
      const symptoms = await eventually(
        async () => {
          const found = (await alerts()).filter(
            ({ labels: { alertname, service } }) =>
              service === "tempo" && alertname !== "TargetDown",
          );
          expect(found.map(({ labels }) => labels.alertname)).toContain("CollectorQueueFills");
          return found;
        },
        { timeout: 60_000 },
      );
      expect(symptoms.map(({ status }) => status.state)).toEqual(symptoms.map(() => "suppressed"));
      // Well after a group has waited.
      await new Promise((resolve) => setTimeout(resolve, 20_000));
      const told = webhook.deliveries.flatMap(
        ({ alerts: all }: { alerts: DeliveredAlert[] }) => all,
      );
      const names = symptoms.map(({ labels }) => labels.alertname);
      expect(told.filter(({ labels }) => names.includes(labels.alertname))).toEqual([]);
    }, 90_000);

    test("a receiver that fails twice gets each alert in the end, and once", () => {
      const attempts = webhook.deliveries.filter(({ path }) => path === "/pager");
      expect(attempts.filter(({ answer }) => answer === 503)).toHaveLength(2);
      const down = webhook.alerts("/pager", "TargetDown");
      expect(down.filter(({ labels }) => labels.service === "tempo")).toHaveLength(1);
    });

    test("the Watchdog comes all the while, and no longer than an interval after Prometheus' end", async () => {
      const beats = () => webhook.taken("/alive").map(({ at }) => at);
      const before = beats();
      const gaps = before.slice(1).map((at, index) => at - before[index]);
      expect(gaps.length).toBeGreaterThan(3);
      for (const gap of gaps) {
        expect(gap).toBeGreaterThan(INTERVAL - LATE);
        expect(gap).toBeLessThan(INTERVAL + LATE);
      }
      await stack.kill("prometheus");
      const end = Date.now();
      expect(end - before.at(-1)!).toBeLessThan(INTERVAL + LATE);
      await new Promise((resolve) => setTimeout(resolve, 2.5 * INTERVAL));
      expect(beats().at(-1)! - end).toBeLessThan(INTERVAL + LATE);
      expect(beats().length - before.length).toBeLessThanOrEqual(1);
    }, 60_000);
  },
);
