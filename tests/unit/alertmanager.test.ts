import { parse } from "yaml";
import { alertmanagerWorkload } from "../../components/alertmanager/config";
import { heartbeatSeconds } from "../../components/alertmanager/dead-mans-switch";
import { prometheusWorkload } from "../../components/prometheus/config";
import { contextOf, documentOf, expectGolden, workloadText } from "../helpers/golden";
import { PRIVATE_CA } from "../helpers/private-ca";

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

describe("the dead man's switch", () => {
  test("is told of an end no later than one interval after it", () => {
    // Alertmanager takes an alert that no longer comes for four of the longer of these two.
    for (const [interval, seconds] of [
      ["10s", 10],
      ["15s", 15],
      ["1m", 60],
      ["1h", 3600],
    ] as const) {
      const { config } = contextOf("prometheus", deadMansSwitch(interval));
      expect(4 * heartbeatSeconds(config)!).toBeLessThanOrEqual(seconds);
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
