import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { OPERATOR } from "../../components/pki/certificate-spec";
import { parseConfig } from "../../config/parse";
import { eventually } from "../helpers/ports";
import { startStack, type ProcessStack } from "../helpers/process-stack";
import { expectRefusals, servedSerial } from "../helpers/refusals";
import { get, identityIn } from "../helpers/requests";
import { programPath } from "../helpers/servers";
import { describeWith } from "../helpers/skip";
import { WebhookServer } from "../helpers/webhook";

const run = promisify(execFile);

type Labels = Record<string, string>;

const INTERVAL = 10_000;
/** What fires, all at once: as few seconds as possible pass while the first group waits. */
const FIRING: Labels[] = [
  { alertname: "TargetDown", severity: "critical", service: "tempo" },
  { alertname: "TempoRequestsFail", severity: "warning", service: "tempo" },
  { alertname: "CertificateEnds", severity: "critical", certificate: "loki", kind: "leaf" },
  { alertname: "CertificateEnds", severity: "warning", certificate: "tempo", kind: "leaf" },
  { alertname: "CollectorLosesData", severity: "critical", exporter: "otlp_grpc/tempo" },
  { alertname: "LokiRequestsFail", severity: "warning", service: "loki" },
  { alertname: "DiskFills", severity: "critical", mountpoint: "/" },
  { alertname: "DiskFills", severity: "warning", mountpoint: "/" },
  { alertname: "DiskFills", severity: "warning", mountpoint: "/data" },
  { alertname: "PushedMetricsAbsent", severity: "critical", service: "collector" },
  { alertname: "PushedMetricsAbsent", severity: "warning", service: "log-agent" },
  { alertname: "PushedMetricsAbsent", severity: "warning", service: "jaeger" },
  { alertname: "ServiceTrafficGone", severity: "warning", service: "shop", service_name: "shop" },
];

describeWith(["alertmanager", "amtool"], "Alertmanager with the stack's own documents", () => {
  let stack: ProcessStack;
  let webhook: WebhookServer;

  beforeAll(async () => {
    webhook = await WebhookServer.start();
    const { ca } = webhook;
    const config = parseConfig(
      {
        alerts: {
          receivers: [
            { name: "pager", url: webhook.url("/pager"), ca, severities: ["critical"] },
            { name: "chat", url: webhook.url("/chat"), ca },
          ],
          deadMansSwitch: { url: webhook.url("/alive"), ca, interval: `${INTERVAL / 1000}s` },
        },
      },
      { stack: "dev", environment: {} },
    );
    stack = await startStack({
      config,
      services: ["alertmanager"],
      secrets: {
        "alertReceiverUrl/pager": webhook.url("/pager/t0ken"),
        "alertReceiverUrl/chat": webhook.url("/chat/t0ken"),
        deadMansSwitchUrl: webhook.url("/alive"),
      },
    });
  }, 60_000);
  afterAll(async () => {
    await stack?.stop();
    await webhook?.stop();
  }, 60_000);

  const configFile = () => join(stack.layout("alertmanager").config, "alertmanager.yml");

  /** Gives Alertmanager alerts as Prometheus does. */
  const fire = async (alerts: Labels[], endsAt?: Date) => {
    const { status, body } = await get(stack, "alertmanager", "/api/v2/alerts", {
      identity: identityIn(stack, "prometheus"),
      headers: { "content-type": "application/json" },
      body: JSON.stringify(alerts.map((labels) => ({ labels, endsAt }))),
    });
    if (status !== 200) throw new Error(`Alertmanager answered ${status}: ${body}`);
  };

  test("amtool accepts the configuration", async () => {
    const { stdout } = await run(programPath("amtool"), ["check-config", configFile()]);
    expect(stdout).toMatch(/SUCCESS[\s\S]*4 inhibit rules[\s\S]*4 receivers/);
  }, 30_000);

  test.each([
    [["severity=critical", "alertname=TargetDown"], "pager,chat"],
    [["severity=warning", "alertname=ServiceLatencyHigh"], "chat"],
    [["severity=none", "alertname=Watchdog"], "dead-mans-switch"],
    [["severity=critical", "alertname=Watchdog"], "dead-mans-switch"],
    [["severity=none", "alertname=Other"], "nobody"],
    [["severity=criticality"], "nobody"],
    [[], "nobody"],
  ])(
    "an alert with %j goes to %s",
    async (labels, receivers) => {
      const { stdout } = await run(programPath("amtool"), [
        "config",
        "routes",
        "test",
        `--config.file=${configFile()}`,
        ...labels,
      ]);
      expect(stdout.trim()).toBe(receivers);
    },
    30_000,
  );

  test("serves services, and refuses applications, strangers and plaintext", async () => {
    await expectRefusals(stack, "alertmanager");
  }, 30_000);

  test("its probe says yes, and no where nothing answers", async () => {
    const probe = stack.workloads.alertmanager?.probe;
    if (probe?.kind !== "exec") throw new Error("Alertmanager has no probe");
    const [, ...args] = probe.command;
    await run(programPath("amtool"), args);
    const closed = args.map((arg) => arg.replace(/https:\/\/localhost:\d+/, "https://localhost:9"));
    await expect(run(programPath("amtool"), closed)).rejects.toThrow(/refused/);
  }, 30_000);

  describe("delivers", () => {
    const lastsUntil = 2.5 * INTERVAL;
    let start: number;
    const names = (path: string) =>
      webhook
        .taken(path)
        .flatMap(({ alerts }) => alerts)
        .map(({ labels: { alertname, severity, mountpoint, service = "" } }) =>
          `${alertname} ${severity} ${mountpoint ?? service}`.trim(),
        )
        .sort();

    beforeAll(async () => {
      // Two failures and a cut connection before it is taken.
      webhook.answerNext("/pager/t0ken", 503, 0, 503);
      start = Date.now();
      await fire([{ alertname: "Watchdog", severity: "none" }], new Date(start + lastsUntil));
      await fire(FIRING);
      await eventually(
        () => {
          expect(names("/chat/t0ken").length).toBeGreaterThanOrEqual(9);
          expect(names("/pager/t0ken").length).toBeGreaterThanOrEqual(5);
          return Promise.resolve();
        },
        { timeout: 40_000 },
      );
      // Long enough for one more heartbeat, had the Watchdog not ended.
      await new Promise((resolve) =>
        setTimeout(resolve, start + lastsUntil + INTERVAL - Date.now()),
      );
    }, 90_000);

    test("critical alerts alone to one receiver, all to the other, and each only once", () => {
      const critical = [
        "CertificateEnds critical",
        "CollectorLosesData critical",
        "DiskFills critical /",
        "PushedMetricsAbsent critical collector",
        "TargetDown critical tempo",
      ];
      expect(names("/pager/t0ken")).toEqual(critical);
      expect(names("/chat/t0ken").filter((name) => name.includes("critical"))).toEqual(critical);
    });

    test("nothing that a dead target, a critical alert or a silent collector explains", () => {
      expect(names("/chat/t0ken").filter((name) => name.includes("warning"))).toEqual([
        "CertificateEnds warning",
        "DiskFills warning /data",
        "LokiRequestsFail warning loki",
        "PushedMetricsAbsent warning jaeger",
      ]);
    });

    test("again what was not taken", () => {
      const attempts = webhook.deliveries.filter(({ path }) => path === "/pager/t0ken");
      const answers = attempts.map(({ answer }) => answer);
      expect(answers.filter((answer) => answer !== 200).sort()).toEqual([0, 503, 503]);
      expect(answers.filter((answer) => answer === 200)).toHaveLength(names("/pager/t0ken").length);
    });

    test("the Watchdog to the dead man's switch once an interval, and nothing of its end", () => {
      const beats = webhook.deliveries.filter(({ path }) => path === "/alive");
      expect(beats.map(({ at }) => Math.round((at - start) / INTERVAL))).toEqual([0, 1, 2]);
      expect(beats.flatMap(({ alerts }) => alerts.map(({ status }) => status))).toEqual(
        beats.map(() => "firing"),
      );
      const elsewhere = webhook.deliveries.filter(({ path }) => path !== "/alive");
      expect(JSON.stringify(elsewhere)).not.toContain("Watchdog");
    });

    test("and names the receiver in what it counts, as AlertDeliveryFails asks for it", async () => {
      const { body } = await get(stack, "alertmanager", "/metrics");
      for (const name of ["pager", "chat", "dead-mans-switch"]) {
        expect(body).toMatch(
          new RegExp(
            `^alertmanager_notifications_failed_total\\{.*reason=.*receiver_name="${name}"`,
            "m",
          ),
        );
      }
    });

    test("and keeps the addresses to itself", async () => {
      const { body } = await get(stack, "alertmanager", "/api/v2/status");
      expect(body).toContain("receiver-pager");
      expect(`${body}${stack.log("alertmanager", 10_000)}`).not.toMatch(/t0ken|\/alive/);
    });
  });

  test("amtool silences with the operator's certificate, as docs/alerting.md says", async () => {
    const text = readFileSync(join(__dirname, "../../docs/alerting.md"), "utf8");
    const [, section] = /## Silences\n([^]*)/.exec(text) ?? [];
    const [, client] = /```yaml\n([^]*?)```/.exec(section) ?? [];
    const [, commands] = /```sh\n([^]*?)```/.exec(section) ?? [];
    const directory = join(stack.directory, "operator");
    await mkdir(directory);
    const identity = stack.pki.identity(OPERATOR);
    await copyFile(join(stack.pki.trust, "root.crt"), join(directory, "ca.crt"));
    await copyFile(join(identity, "tls.crt"), join(directory, "operator.crt"));
    await copyFile(join(identity, "tls.key"), join(directory, "operator.key"));
    await writeFile(join(directory, "amtool.yml"), client);
    const here = commands
      .replace("localhost:9093", `localhost:${stack.port("alertmanager", "http")}`)
      .replace(".tracekeep/dev/operator", directory);
    const { stdout } = await run("bash", ["-euc", here], {
      env: { PATH: [dirname(programPath("amtool")), process.env.PATH].join(delimiter) },
    });
    expect(stdout).toMatch(/alertname="ServiceLatencyHigh" service_name="shop".* me +new release/);
    const { body } = await get(stack, "alertmanager", "/api/v2/silences");
    expect(JSON.parse(body)).toMatchObject([{ createdBy: "me", status: { state: "expired" } }]);
  }, 30_000);

  test("serves a renewed certificate without a restart", async () => {
    const { pid } = stack.process("alertmanager");
    const before = await servedSerial(stack, "alertmanager", "http");
    const renewed = await stack.pki.reissue("alertmanager");
    expect(renewed).not.toBe(before);
    await eventually(async () =>
      expect(await servedSerial(stack, "alertmanager", "http")).toBe(renewed),
    );
    expect(stack.process("alertmanager").pid).toBe(pid);
  }, 30_000);
});
