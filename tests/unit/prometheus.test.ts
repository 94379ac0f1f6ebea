import { parse } from "yaml";
import { prometheusWorkload } from "../../components/prometheus/config";
import { renderRuleFile } from "../../components/prometheus/rule-group";
import { stackRules } from "../../components/stack/rules";
import { contextOf, documentOf, expectGolden, workloadText } from "../helpers/golden";

interface Job {
  job_name: string;
  scheme?: string;
  tls_config?: { server_name?: string; ca_file: string; cert_file: string };
  authorization?: { credentials_file: string };
  metrics_path?: string;
  static_configs: { targets: string[]; labels?: Record<string, string> }[];
}

interface Main {
  alerting?: unknown;
  storage: { tsdb: { out_of_order_time_window: string; retention: object } };
  scrape_configs: Job[];
}

const main = (options: unknown = {}) =>
  parse(documentOf(prometheusWorkload(contextOf("prometheus", options)), "prometheus.yml")) as Main;
const jobs = (options: unknown = {}) => main(options).scrape_configs;
const names = (list: Job[]) => list.map(({ job_name }) => job_name);

const OUTSIDERS = {
  apps: [
    { name: "shop", image: "shop:1", scrape: { port: 8443, tls: true } },
    { name: "cart", scrape: { target: "cart.example.org:9100", path: "/m" } },
    { name: "quiet" },
  ],
  scrapeTargets: [
    {
      name: "nodes",
      targets: ["a.example.org:9100", "b.example.org:9100"],
      interval: "1m",
      labels: { site: "x" },
    },
    { name: "vault", targets: ["vault.example.org:8200"], tls: true, path: "/v1/sys/metrics" },
  ],
};

describe("Prometheus", () => {
  test("is as reviewed", () => {
    const workload = prometheusWorkload(contextOf("prometheus"));
    // The rules of other rooms are theirs.
    const own = workload.files.filter(
      ({ path }) => !path.includes("/rules/") || path.endsWith("/prometheus.yml"),
    );
    expectGolden("prometheus.txt", workloadText({ ...workload, files: own }));
  });

  test("with applications and targets outside is as reviewed", () => {
    const workload = prometheusWorkload(contextOf("prometheus", OUTSIDERS));
    expectGolden("prometheus-outsiders.yml", documentOf(workload, "prometheus.yml"));
  });

  test("scrapes every service over TLS, with its certificate and the service's name", () => {
    const services = jobs();
    expect(names(services).sort()).toEqual(
      ["alertmanager", "grafana", "loki", "prometheus", "qdrant", "tempo"].sort(),
    );
    for (const { job_name, scheme, tls_config } of services) {
      expect({ job_name, scheme }).toEqual({ job_name, scheme: "https" });
      expect(tls_config).toMatchObject({
        server_name: job_name,
        ca_file: "/etc/tracekeep/trust/root.crt",
        cert_file: "/etc/tracekeep/identity/tls.crt",
      });
    }
  });

  test("reads Qdrant with the read-only key, from a file that it alone has", () => {
    const workload = prometheusWorkload(contextOf("prometheus"));
    const key = jobs().find(({ job_name }) => job_name === "qdrant")?.authorization;
    const [file] = workload.secretFiles;
    expect(key?.credentials_file).toBe(file.path);
    expect(file.secrets).toEqual(["qdrantReadOnlyKey"]);
    expect(file.render(["k"])).toBe("k");
  });

  test("knows nothing of services that are off", () => {
    const off = {
      qdrant: { enabled: false },
      grafana: { enabled: false },
      alertmanager: { enabled: false },
      jaeger: { enabled: false },
    };
    expect(names(jobs(off)).sort()).toEqual(["loki", "prometheus", "tempo"]);
    expect(main(off).alerting).toBeUndefined();
    const workload = prometheusWorkload(contextOf("prometheus", off));
    expect(workload.secretFiles).toEqual([]);
    const rules = workload.files.map(({ path }) => path).filter((path) => path.includes("/rules/"));
    expect(rules.map((path) => path.replace(/.*\/rules\//, "")).sort()).toEqual([
      "collector.yml",
      "loki.yml",
      "prometheus.yml",
      "tempo.yml",
    ]);
  });

  test("keeps a window open for what waited in a queue during the longest outage", () => {
    expect(main().storage.tsdb.out_of_order_time_window).toBe("160m");
    const longer = main({ capacity: { outage: "3h" } });
    expect(longer.storage.tsdb.out_of_order_time_window).toBe("280m");
  });

  test("keeps metrics as long and as large as the options say", () => {
    const { storage } = main({ retention: { metrics: { time: "30d", size: "2Gi" } } });
    expect(storage.tsdb.retention).toEqual({ time: "720h", size: "2048MB" });
  });

  test("takes thresholds from the options", () => {
    const { config } = contextOf("prometheus", {
      alerts: { latency: "250ms", errorRate: 0.2, lookback: "5m" },
    });
    const text = stackRules(config)
      .map(([, groups]) => renderRuleFile(groups))
      .join("");
    expect(text).toMatch(/histogram_quantile\(0\.95.*\[5m\]\)\)\) > 0\.25/);
    expect(text).toMatch(/traces_spanmetrics_calls_total.*\[5m\]\)\) > 0\.2/);
  });

  test("names each alert and each group once", () => {
    const groups = stackRules(contextOf("prometheus").config).flatMap(([, list]) => list);
    const groupNames = groups.map(({ name }) => name);
    expect(new Set(groupNames).size).toBe(groupNames.length);
    const alerts = groups.flatMap(({ name, rules }) =>
      rules.flatMap((rule) => ("alert" in rule ? [`${name}/${rule.alert}/${rule.expr}`] : [])),
    );
    expect(new Set(alerts).size).toBe(alerts.length);
  });

  test("watches that whoever pushes its metrics does", () => {
    const text = (options: unknown) =>
      stackRules(contextOf("prometheus", options).config)
        .map(([, groups]) => renderRuleFile(groups))
        .join("");
    expect(text({})).toContain('absent_over_time(target_info{job="jaeger"}[3m])');
    expect(text({ jaeger: { enabled: false } })).not.toContain("jaeger");
    expect(text({})).toContain('absent_over_time(target_info{job="collector"}[3m])');
  });
});
