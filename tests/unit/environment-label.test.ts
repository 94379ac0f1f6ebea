import { parse } from "yaml";
import { collectorWorkload } from "../../components/collector/config";
import { jaegerWorkload } from "../../components/jaeger/config";
import { lokiWorkload } from "../../components/loki/config";
import { prometheusWorkload } from "../../components/prometheus/config";
import { ENVIRONMENT_LABEL, GRAPH_LABELS } from "../../components/prometheus/metric-names";
import { contextOf, documentOf } from "../helpers/golden";

const ATTRIBUTE = "deployment.environment.name";
const OPTIONS = {
  environment: "prod",
  sampling: { ratio: 0.1 },
  apps: [{ name: "shop", image: "shop:1", scrape: { port: 9464 } }],
  scrapeTargets: [
    { name: "nodes", targets: ["10.0.0.1:9100"] },
    { name: "robots", targets: ["10.0.0.2:9100"], labels: { [ENVIRONMENT_LABEL]: "lab" } },
  ],
};

interface Collector {
  connectors: Record<string, Record<string, unknown>>;
  service: { pipelines: Record<string, { receivers: string[]; processors: string[] }> };
}
const collector = parse(
  documentOf(collectorWorkload(contextOf("collector", OPTIONS)), "collector.yaml"),
) as Collector;

/** A name as Prometheus and Loki spell it. */
const asLabel = (attribute: string) => attribute.replaceAll(".", "_");

describe("the environment", () => {
  test("has one label's name everywhere", () => {
    expect(asLabel(ATTRIBUTE)).toBe(ENVIRONMENT_LABEL);
    expect(GRAPH_LABELS.clientEnvironment).toBe(asLabel(`client_${ATTRIBUTE}`));
    expect(GRAPH_LABELS.serverEnvironment).toBe(asLabel(`server_${ATTRIBUTE}`));
  });

  test("parts the series of spans, and stands on either side of an edge", () => {
    for (const id of ["span_metrics", "span_metrics/exemplars"]) {
      expect(collector.connectors[id].resource_metrics_key_attributes).toEqual([
        "service.name",
        ATTRIBUTE,
      ]);
    }
    expect(collector.connectors.service_graph.dimensions).toEqual([ATTRIBUTE]);
  });

  test("is on whatever passes the collector, its own metrics included", () => {
    const { pipelines } = collector.service;
    // What a connector hands on has been through an intake already.
    const first = Object.entries(pipelines).filter(([, { receivers }]) =>
      receivers.some((id) => /^(otlp|host_metrics)/.test(id)),
    );
    expect(first.map(([id]) => id).sort()).toEqual([
      "logs",
      "metrics",
      "metrics/host",
      "metrics/own",
      "traces",
    ]);
    // After it times alone are mended.
    for (const [id, { processors }] of first)
      expect([id, processors.filter((one) => one !== "transform/clocks").at(-1)]).toEqual([
        id,
        "resource",
      ]);
  });

  test("is promoted by Prometheus and indexed by Loki", () => {
    const prometheus = documentOf(prometheusWorkload(contextOf("prometheus")), "prometheus.yml");
    expect(
      (parse(prometheus) as { otlp: { promote_resource_attributes: string[] } }).otlp
        .promote_resource_attributes,
    ).toContain(ATTRIBUTE);
    const loki = documentOf(lokiWorkload(contextOf("loki")), "loki.yaml");
    const [{ attributes }] = (
      parse(loki) as {
        limits_config: {
          otlp_config: {
            resource_attributes: { attributes_config: { attributes: string[] }[] };
          };
        };
      }
    ).limits_config.otlp_config.resource_attributes.attributes_config;
    expect(attributes).toContain(ATTRIBUTE);
  });

  test("is on every target that is scraped; its own label wins", () => {
    const document = documentOf(
      prometheusWorkload(contextOf("prometheus", OPTIONS)),
      "prometheus.yml",
    );
    const { scrape_configs: jobs } = parse(document) as {
      scrape_configs: {
        job_name: string;
        static_configs: { labels?: Record<string, string> }[];
      }[];
    };
    const environments = jobs.map(({ job_name: job, static_configs: [{ labels }] }) => [
      job,
      labels?.[ENVIRONMENT_LABEL],
    ]);
    expect(environments.length).toBeGreaterThan(6);
    for (const [job, environment] of environments) {
      expect([job, environment]).toEqual([job, job === "robots" ? "lab" : "prod"]);
    }
  });

  test("is on what Jaeger pushes", () => {
    const document = documentOf(jaegerWorkload(contextOf("jaeger", OPTIONS)), "jaeger.yaml");
    const { service } = parse(document) as {
      service: { telemetry: { resource: Record<string, string> } };
    };
    expect(service.telemetry.resource[ATTRIBUTE]).toBe("prod");
  });
});
