import { parse } from "yaml";
import { alertmanagerWorkload } from "../../components/alertmanager/config";
import { heartbeatSeconds, WATCHDOG } from "../../components/alertmanager/dead-mans-switch";
import { inhibitions } from "../../components/alertmanager/inhibition";
import { prometheusWorkload } from "../../components/prometheus/config";
import { alertsOf } from "../../components/prometheus/rule-group";
import { stackRules } from "../../components/stack/rules";
import { SEVERITIES } from "../../config/schema/alerts";
import { contextOf, documentOf, expectGolden, workloadText } from "../helpers/golden";
import { PRIVATE_CA } from "../helpers/private-ca";
import { TWO_TIERS } from "../helpers/rules";

const url = (token: string) => `https://hooks.example.org/${token}`;
const OPTIONS = {
  alerts: {
    receivers: [
      { name: "pager", url: url("T0KEN"), severities: ["critical"], ca: PRIVATE_CA },
      { name: "chat", url: url("T1KEN") },
    ],
    deadMansSwitch: { url: url("T2KEN") },
  },
};
const workload = (options?: unknown) => alertmanagerWorkload(contextOf("alertmanager", options));
const deadMansSwitch = (interval: string) => ({
  alerts: { deadMansSwitch: { url: url("T"), interval } },
});

interface Document {
  route: { receiver: string; routes: { receiver: string; matchers: string[] }[] };
  receivers: { name: string; webhook_configs?: Record<string, unknown>[] }[];
}
const documentWith = (options?: unknown) =>
  parse(documentOf(workload(options), "alertmanager.yml")) as Document;

describe("Alertmanager", () => {
  test("is as reviewed", () => {
    expectGolden("alertmanager.txt", workloadText(workload()));
  });

  test("with receivers by severity and a dead man's switch is as reviewed", () => {
    expectGolden("alertmanager-receivers.txt", workloadText(workload(OPTIONS)));
  });

  test("tells nobody unless somebody is configured", () => {
    const { route, receivers } = documentWith();
    expect(receivers).toEqual([{ name: "nobody" }]);
    expect(route).toMatchObject({ receiver: "nobody", routes: [] });
  });

  test("has each receiver that a route names, and a route to each", () => {
    const { route, receivers } = documentWith(OPTIONS);
    expect([route, ...route.routes].map(({ receiver }) => receiver).sort()).toEqual(
      receivers.map(({ name }) => name).sort(),
    );
  });

  test("holds the receivers' addresses in secret files alone", () => {
    const { files, secretFiles, args, env } = workload(OPTIONS);
    expect(JSON.stringify([files, args, env])).not.toMatch(/T\dKEN|hooks/);
    expect(secretFiles.map(({ secrets }) => secrets)).toEqual([
      ["alertReceiverUrl/pager"],
      ["alertReceiverUrl/chat"],
      ["deadMansSwitchUrl"],
    ]);
    const named = documentWith(OPTIONS).receivers.flatMap(({ webhook_configs = [] }) =>
      webhook_configs.map(({ url_file }) => url_file),
    );
    expect(named).toEqual(secretFiles.map(({ path }) => path));
  });

  test("leaves the stack's networks only for somebody outside", () => {
    expect(workload().zones).not.toContain("egress");
    expect(workload(OPTIONS).zones).toContain("egress");
    expect(workload(deadMansSwitch("1m")).zones).toContain("egress");
  });

  test("opens no gossip port", () => {
    expect(workload().args).toContain("--cluster.listen-address=");
  });
});

describe("inhibition", () => {
  const { config } = contextOf("alertmanager", { containerLogs: { enabled: true } });
  const alerts = alertsOf(stackRules(config).flatMap(([, groups]) => groups));

  test("names alerts that there are", () => {
    const everything = [
      contextOf("alertmanager").config,
      contextOf("alertmanager", TWO_TIERS).config,
    ];
    const matchers = everything
      .flatMap(inhibitions)
      .flatMap(({ source_matchers, target_matchers }) => [...source_matchers, ...target_matchers]);
    const named = matchers.flatMap((matcher) => {
      const [, names] = /^alertname(?:=|=~|!~)"(.*)"$/.exec(matcher) ?? [];
      return names?.split("|") ?? [];
    });
    const known = alerts.map(({ alert }) => alert);
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  test("spares what says that data is lost, and what may be why something ended", () => {
    const spared = ["CollectorLosesData", "CollectorPushesBack", "TempoDiscardsSpans"].concat(
      ["LokiDiscardsLines", "CertificateEnds", "CertificateExpired", "DiskFills", "DiskFullSoon"],
      ["MemoryNearLimit", "ServiceErrorRateHigh", "ServiceLatencyHigh"],
    );
    for (const name of spared) {
      const found = alerts.filter(({ alert }) => alert === name);
      expect(found.map(({ labels }) => [name, labels.service])).toEqual(
        found.map(() => [name, undefined]),
      );
      expect(found).not.toEqual([]);
    }
  });
});

test("every alert has a severity that a receiver can ask for; the Watchdog alone has none", () => {
  const { config } = contextOf("alertmanager");
  const alerts = alertsOf(stackRules(config).flatMap(([, groups]) => groups));
  const others = alerts.filter(({ labels }) => !SEVERITIES.some((one) => one === labels.severity));
  expect(others.map(({ alert }) => alert)).toEqual([WATCHDOG]);
});

describe("the dead man's switch", () => {
  test("is told of an end no later than one interval after it", () => {
    // Alertmanager takes an alert that no longer comes for four times what is longer: Prometheus'
    // pause before it sends it again, or the time between evaluations of its group.
    for (const [interval, seconds] of [
      ["10s", 10],
      ["15s", 15],
      ["1m", 60],
      ["1h", 3600],
    ] as const) {
      const { config } = contextOf("prometheus", deadMansSwitch(interval));
      expect(4 * heartbeatSeconds(config)!).toBeLessThanOrEqual(seconds);
      const groups = stackRules(config).flatMap(([, own]) => own);
      const group = groups.find(({ rules }) =>
        rules.some((rule) => "alert" in rule && rule.alert === WATCHDOG),
      );
      expect(group?.intervalSeconds).toBe(heartbeatSeconds(config));
    }
  });

  test("makes Prometheus repeat alerts as often as that takes, and no seldomer than by itself", () => {
    const repeats = (options: unknown) =>
      prometheusWorkload(contextOf("prometheus", options)).args.filter((arg) =>
        arg.startsWith("--rules.alert.resend-delay"),
      );
    expect(repeats({})).toEqual([]);
    expect(repeats(deadMansSwitch("10s"))).toEqual(["--rules.alert.resend-delay=2s"]);
    expect(repeats(deadMansSwitch("1h"))).toEqual(["--rules.alert.resend-delay=1m"]);
  });

  test("never hears of an end, for a delivery is a sign of life", () => {
    const { receivers } = documentWith(OPTIONS);
    const resolved = receivers.flatMap(({ name, webhook_configs = [] }) =>
      webhook_configs.map(({ send_resolved }) => [name, send_resolved]),
    );
    expect(resolved).toEqual([
      ["pager", true],
      ["chat", true],
      ["dead-mans-switch", false],
    ]);
  });
});
