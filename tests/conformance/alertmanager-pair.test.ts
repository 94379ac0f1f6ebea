import { parseConfig } from "../../config/parse";
import { eventually } from "../helpers/ports";
import { editFiles, startStack, type Mutation, type ProcessStack } from "../helpers/process-stack";
import { expectRefusals, servedSerial } from "../helpers/refusals";
import { get, identityIn } from "../helpers/requests";
import { describeWith } from "../helpers/skip";
import { WebhookServer } from "../helpers/webhook";

/** Milliseconds that the second waits for the first's word, and some for what it does then. */
const PEER_TIMEOUT = 2000;
const SETTLED = 3 * PEER_TIMEOUT;

const SOONER: Record<string, string[]> = {
  alertmanager: [`--cluster.peer-timeout=${PEER_TIMEOUT / 1000}s`, "--cluster.tcp-timeout=1s"],
  // It sends none before it knows whom to, and then waits a minute.
  prometheus: ["--rules.alert.resend-delay=2s"],
};

/** Fifteen seconds each are too long to wait for several times. */
const impatient: Mutation = (workload, places) => {
  const { args, ...rest } = editFiles("alertmanager", (file) => ({
    ...file,
    content: file.content.replace("group_wait: 15s", "group_wait: 2s"),
  }))(workload, places);
  return { ...rest, args: [...args, ...(SOONER[workload.name] ?? [])] };
};

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describeWith(["alertmanager", "prometheus"], "Two Alertmanagers", () => {
  const PAIR = [0, 1];
  const STRANGER = 2;
  let stack: ProcessStack;
  let webhook: WebhookServer;

  const ask = async <T>(replica: number, path: string, body?: unknown): Promise<T> => {
    const answer = await get(stack, "alertmanager", path, {
      replica,
      identity: identityIn(stack, "prometheus"),
      headers: { "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (answer.status !== 200) throw new Error(`${replica}: ${answer.status} ${answer.body}`);
    return (answer.body === "" ? undefined : JSON.parse(answer.body)) as T;
  };
  const peers = async (replica: number) => {
    interface Status {
      cluster: { status: string; peers: { address: string }[] };
    }
    const { cluster } = await ask<Status>(replica, "/api/v2/status");
    return cluster.peers.map(({ address }) => address).sort();
  };
  const addresses = () =>
    PAIR.map((index) => `127.0.0.${index + 1}:${stack.port("alertmanager", "gossip")}`);

  /** Gives an alert to those that are there, as Prometheus does. */
  const fire = (alertname: string, to: readonly number[]) =>
    Promise.all(
      to.map((replica) =>
        ask(replica, "/api/v2/alerts", [{ labels: { alertname, severity: "warning" } }]),
      ),
    );
  const told = (alertname: string) => webhook.alerts("/chat", alertname).length;
  const isTold = (alertname: string) =>
    eventually(() => Promise.resolve(expect(told(alertname)).toBeGreaterThan(0)));

  beforeAll(async () => {
    webhook = await WebhookServer.start();
    const config = parseConfig(
      {
        target: "kubernetes",
        kubernetes: { context: "none" },
        replicas: { alertmanager: PAIR.length },
        tuning: { prometheus: { scrapeInterval: "1s" } },
        alerts: {
          interval: "1s",
          receivers: [{ name: "chat", url: webhook.url("/chat"), ca: webhook.ca }],
        },
      },
      { stack: "dev", environment: {} },
    );
    stack = await startStack({
      config,
      services: ["alertmanager", "prometheus"],
      secrets: { "alertReceiverUrl/chat": webhook.url("/chat") },
      mutate: impatient,
    });
    // Until then neither delivers anything.
    await eventually(async () => {
      for (const replica of PAIR) {
        const { cluster } = await ask<{ cluster: { status: string } }>(replica, "/api/v2/status");
        expect(cluster.status).toBe("ready");
      }
    });
  }, 90_000);
  afterAll(async () => {
    await stack?.stop();
    await webhook?.stop();
  }, 60_000);

  test("know each other", async () => {
    for (const replica of PAIR) expect(await peers(replica)).toEqual(addresses());
  });

  test("get every alert of Prometheus, which scrapes both", async () => {
    await eventually(async () => {
      const { body } = await get(stack, "prometheus", "/api/v1/alertmanagers");
      const { data } = JSON.parse(body) as { data: { activeAlertmanagers: { url: string }[] } };
      expect(data.activeAlertmanagers).toHaveLength(PAIR.length);
      const parameters = new URLSearchParams({ query: 'sum(up{job="alertmanager"})' });
      const up = await get(stack, "prometheus", `/api/v1/query?${parameters.toString()}`);
      expect(up.body).toContain(`"${PAIR.length}"]`);
      for (const replica of PAIR) {
        const alerts = await ask<{ labels: { alertname: string } }[]>(replica, "/api/v2/alerts");
        expect(alerts.map(({ labels }) => labels.alertname)).toContain("Watchdog");
      }
    });
  }, 40_000);

  test("speak only to what the issuer of services signed", async () => {
    await expectRefusals(stack, "alertmanager");
  }, 40_000);

  test("deliver an alert once", async () => {
    await fire("Once", PAIR);
    await isTold("Once");
    await pause(SETTLED);
    expect(told("Once")).toBe(1);
  }, 60_000);

  test("know each other's silences", async () => {
    const matchers = [{ name: "alertname", value: "Silenced", isRegex: false, isEqual: true }];
    const { silenceID } = await ask<{ silenceID: string }>(0, "/api/v2/silences", {
      matchers,
      startsAt: new Date(),
      endsAt: new Date(Date.now() + 600_000),
      createdBy: "me",
      comment: "here alone",
    });
    await eventually(async () => {
      const silences = await ask<{ id: string }[]>(1, "/api/v2/silences");
      expect(silences.map(({ id }) => id)).toContain(silenceID);
    });
    await fire("Silenced", [1]);
    await pause(SETTLED);
    expect(told("Silenced")).toBe(0);
  }, 60_000);

  test.each<[string, Mutation]>([
    [
      "whose certificate is of another CA",
      editFiles("alertmanager", (file) =>
        file.path.endsWith("/gossip.yml")
          ? {
              ...file,
              content: file.content.replaceAll(
                stack.pki.identity("alertmanager"),
                stack.foreign.identity("alertmanager"),
              ),
            }
          : file,
      ),
    ],
    [
      "that trusts another CA",
      editFiles("alertmanager", (file, { foreignTrust }) =>
        file.path.endsWith("/gossip.yml")
          ? { ...file, content: file.content.replaceAll(stack.pki.trust, foreignTrust) }
          : file,
      ),
    ],
    [
      "without TLS",
      (workload) => ({
        ...workload,
        args: workload.args.filter((word) => !word.startsWith("--cluster.tls-config")),
      }),
    ],
  ])(
    "do not let one in %s",
    async (_, mutate) => {
      await stack.startReplica("alertmanager", STRANGER, mutate);
      // It tries at its start and again every ten seconds.
      await pause(5000);
      expect(stack.log("alertmanager", 1000, STRANGER)).toMatch(/failed to join cluster/i);
      expect(await peers(STRANGER)).toHaveLength(1);
      for (const replica of PAIR) expect(await peers(replica)).toEqual(addresses());
      await stack.kill("alertmanager", "SIGKILL", STRANGER);
    },
    40_000,
  );

  describe("when one is killed", () => {
    beforeAll(() => stack.kill("alertmanager", "SIGKILL", 0));

    test("the other delivers, once", async () => {
      await fire("Alone", [1]);
      await isTold("Alone");
      await pause(SETTLED);
      expect(told("Alone")).toBe(1);
    }, 60_000);

    test("and what it delivered is known to the one that comes back", async () => {
      await stack.restart("alertmanager", 0);
      await eventually(async () => expect(await peers(0)).toEqual(addresses()));
      await fire("Alone", PAIR);
      await pause(SETTLED);
      expect(told("Alone")).toBe(1);
    }, 60_000);
  });

  test("gossip under a renewed certificate without a restart", async () => {
    const renewed = await stack.renew("alertmanager");
    expect(await servedSerial(stack, "alertmanager", "gossip")).toBe(renewed);
  });
});
