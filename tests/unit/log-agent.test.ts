import { parse } from "yaml";
import { logAgentWorkload } from "../../components/log-agent/config";
import { certificateSpecs } from "../../components/pki/certificate-spec";
import { alertsOf } from "../../components/prometheus/rule-group";
import { enabledServices } from "../../components/stack/connections";
import { stackRules } from "../../components/stack/rules";
import { serviceWorkloads } from "../../components/stack/workloads";
import { containerLayout } from "../../targets/container-layout";
import { contextOf, documentOf, expectGolden, workloadText } from "../helpers/golden";
import { configOf } from "../helpers/mocks";

const ON = { containerLogs: { enabled: true } };
const workloadFor = (options: object = {}) =>
  logAgentWorkload(contextOf("log-agent", { ...ON, ...options }));

interface Document {
  receivers: { file_log: { include: string[]; operators: Record<string, string>[] } };
  exporters: Record<string, { endpoint: string; tls: Record<string, unknown> }>;
  service: { pipelines: Record<string, { exporters: string[] }> };
}
const documentFor = (options?: object) =>
  // As the collector reads it.
  parse(documentOf(workloadFor(options), "log-agent.yaml").replaceAll("$$", "$")) as Document;

test("the log agent is as reviewed", () => {
  expectGolden("log-agent.txt", workloadText(workloadFor()));
});

test("it is off until it is asked for, and nothing of it is there", () => {
  const config = configOf();
  expect(enabledServices(config)).not.toContain("log-agent");
  expect(certificateSpecs(config).map(({ name }) => name)).not.toContain("log-agent");
  expect(JSON.stringify(stackRules(config))).not.toContain("log-agent");
});

test("no other workload is root or sees a directory of the host, the collector least of all", () => {
  const workloads = serviceWorkloads(configOf(ON), { layout: containerLayout });
  const seeing = workloads.filter(({ hostDirectories = [] }) => hostDirectories.length > 0);
  expect(seeing.map(({ name }) => name)).toEqual(["log-agent"]);
  expect(seeing[0].hostDirectories).toEqual(["/var/lib/docker/containers"]);
  const roots = workloads.filter(({ user }) => user.uid === 0);
  expect(roots.map(({ name }) => name)).toEqual(["log-agent"]);
});

test("nobody dials it, and it dials the intake alone", () => {
  const { ports, zones, connectsTo } = workloadFor();
  expect({ ports, zones, connectsTo }).toEqual({
    ports: [],
    zones: ["backplane"],
    connectsTo: ["collector"],
  });
  expect(documentFor().exporters).toMatchObject({
    "otlp_grpc/collector": {
      endpoint: "collector:4317",
      tls: { server_name_override: "collector", reload_interval: "15s" },
    },
  });
});

test("its certificate opens what an application's does: no server, no service's issuer", () => {
  expect(certificateSpecs(configOf(ON)).find(({ name }) => name === "log-agent")).toEqual({
    name: "log-agent",
    issuer: "applications",
    dnsNames: ["log-agent"],
    ipAddresses: [],
    uses: ["digital_signature", "client_auth"],
  });
});

test("its own metrics missing is an alert, and so is that it reads nothing", () => {
  const groups = stackRules(configOf(ON)).flatMap(([, some]) => some);
  const alerts = alertsOf(groups).filter(({ labels }) => labels.service === "log-agent");
  expect(alerts.map(({ alert }) => alert)).toEqual(
    expect.arrayContaining(["PushedMetricsAbsent", "ContainerLogsAbsent"]),
  );
});

describe("which lines it takes", () => {
  /** A line as Docker's `json-file` driver writes it. */
  const line = (container: string | undefined, log: string) =>
    JSON.stringify({
      log,
      stream: "stdout",
      ...(container !== undefined && { attrs: { tag: container } }),
      time: "2026-01-02T03:04:05.678901234Z",
    });
  const takes = (options: object, text: string) => {
    const [{ type, expr }] = documentFor(options).receivers.file_log.operators;
    expect(type).toBe("filter");
    const [, pattern] = /^not \(body matches '(.*)'\)$/.exec(expr) ?? [];
    return new RegExp(pattern).test(text);
  };

  test.each([
    [true, "a service of the stack", line("tracekeep-dev-tempo", "x")],
    [true, "the collector", line("tracekeep-dev-collector", "x")],
    [false, "itself", line("tracekeep-dev-log-agent", "x")],
    [false, "a foreign container", line("postgres", "x")],
    [false, "a container without a tag", line(undefined, "x")],
    [false, "a stack whose name begins with this one's", line("tracekeep-dev-2-tempo", "x")],
    [false, "a container whose name begins with a service's", line("tracekeep-dev-tempo-old", "x")],
    [false, "a container named behind something", line("old-tracekeep-dev-tempo", "x")],
    [false, "who poses as one in its text", line("evil", '"attrs":{"tag":"tracekeep-dev-tempo"}')],
  ])("%s: %s", (taken, _, text) => {
    expect(takes({}, text)).toBe(taken);
  });

  test("follows the name prefix, and leaves out what is switched off", () => {
    const options = { namePrefix: "tk", jaeger: { enabled: false } };
    expect(takes(options, line("tk-tempo", "x"))).toBe(true);
    expect(takes(options, line("tracekeep-dev-tempo", "x"))).toBe(false);
    expect(takes(options, line("tk-jaeger", "x"))).toBe(false);
  });

  test("looks where the option says, at rotated files too", () => {
    const containerLogs = { enabled: true, directory: "/data/docker/containers" };
    expect(documentFor({ containerLogs }).receivers.file_log.include).toEqual([
      "/data/docker/containers/*/*-json.log",
      "/data/docker/containers/*/*-json.log.[0-9]",
    ]);
  });
});
