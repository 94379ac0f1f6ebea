import { RE2JS } from "re2js";
import { parse } from "yaml";
import { collectorWorkload } from "../../components/collector/config";
import { openListeners } from "../../components/stack/connections";
import { SECRET_KEYS, TOO_DEEP } from "../../config/redaction-patterns";
import { SERVICES } from "../../config/services";
import { containerLayout } from "../../targets/container-layout";
import { contextOf, documentOf, expectGolden, workloadText } from "../helpers/golden";
import { PRIVATE_CA } from "../helpers/private-ca";
import { TWO_TIERS } from "../helpers/rules";

const SAMPLED = { environment: "prod", sampling: { ratio: 0.1 }, jaeger: { enabled: false } };
const EVERYTHING = {
  ...SAMPLED,
  jaeger: { enabled: true },
  debugExporter: { enabled: true, verbosity: "detailed" },
  extraReceivers: [
    { name: "vendor", endpoint: "otlp.example.org:4317", ca: PRIVATE_CA },
    { name: "archive", endpoint: "archive.example.org:443", protocol: "http", signals: ["logs"] },
  ],
  intake: {
    plaintext: { enabled: true },
    jaeger: { enabled: true },
    zipkin: { enabled: true },
  },
};
const STACKS: [string, unknown][] = [
  ["dev", {}],
  ["sampled", SAMPLED],
  ["everything", EVERYTHING],
  ["two-tiers", { ...TWO_TIERS, sampling: { ratio: 0.1 }, jaeger: { enabled: false } }],
];

interface Queue {
  storage?: string;
  block_on_overflow: boolean;
  queue_size: number;
}
interface Exporter {
  endpoint: string;
  tls: Record<string, unknown>;
  retry_on_failure: { max_elapsed_time: unknown };
  sending_queue: Queue;
}
interface Document {
  processors: Record<string, Record<string, unknown>>;
  connectors: Record<string, { exemplars: { enabled: boolean } }>;
  exporters: Record<string, Exporter>;
  service: {
    pipelines: Record<string, { receivers: string[]; processors: string[]; exporters: string[] }>;
  };
}

const workloadOf = (options: unknown) => collectorWorkload(contextOf("collector", options));
const documentFor = (options: unknown) =>
  parse(documentOf(workloadOf(options), "collector.yaml")) as Document;

describe.each(STACKS)("the collector of the stack %s", (name, options) => {
  const document = documentFor(options);
  const { pipelines } = document.service;

  test("is as reviewed", () => {
    expectGolden(`collector-${name}.txt`, workloadText(workloadOf(options)));
  });

  test("limits memory before anything else, in every pipeline", () => {
    for (const { processors } of Object.values(pipelines)) {
      expect(processors[0]).toBe("memory_limiter");
    }
  });

  test("redacts whatever an intake takes before it goes anywhere", () => {
    const intakes = Object.values(pipelines).filter(({ receivers }) => receivers.includes("otlp"));
    expect(intakes).toHaveLength(3);
    for (const one of intakes) {
      const isLogs = one === pipelines.logs;
      expect(one.processors.slice(1, isLogs ? 6 : 5)).toEqual([
        ...(isLogs ? ["transform/deep_logs"] : []),
        "redaction/keys",
        "transform/lend_texts",
        one === pipelines.traces ? "redaction/trace_values" : "redaction/values",
        "transform/take_back_texts",
      ]);
    }
    expect(pipelines.traces.processors[5]).toBe("transform/out_of_reach");
    expect(pipelines.metrics.processors[5]).toBe("transform/out_of_reach");
  });

  test("counts every span, before the sampler", () => {
    expect(pipelines.traces.exporters).toEqual(
      expect.arrayContaining(["span_metrics", "service_graph"]),
    );
    expect(pipelines.traces.processors).not.toContain("tail_sampling");
  });

  test("sends to listeners of the stack under the service's own name", () => {
    const { config } = contextOf("collector", options);
    const layout = containerLayout("collector");
    const open = SERVICES.flatMap((service) =>
      Object.entries(openListeners(config, service)).map(
        ([listener, { security }]) => `${layout.peer(service, listener)} ${security} ${service}`,
      ),
    );
    const own = Object.entries(document.exporters).filter(
      ([id]) => !/vendor|archive|debug/.test(id),
    );
    expect(own.length).toBeGreaterThanOrEqual(3);
    for (const [, { endpoint, tls }] of own) {
      const address = endpoint.replace(/^https:\/\//, "").replace(/\/.*/, "");
      expect(open).toContain(`${address} mtls ${String(tls.server_name_override)}`);
      expect(tls).toMatchObject({
        ca_file: "/etc/tracekeep/trust/root.crt",
        cert_file: "/etc/tracekeep/identity/tls.crt",
        key_file: "/etc/tracekeep/identity/tls.key",
        reload_interval: "15s",
      });
    }
  });

  test("keeps what goes to a store on disk for ever, and drops copies", () => {
    for (const [id, exporter] of Object.entries(document.exporters)) {
      if (id === "debug") continue;
      const { sending_queue: queue, retry_on_failure: retry } = exporter;
      if (/\/(tempo|loki|prometheus)$/.test(id)) {
        expect(queue).toMatchObject({ storage: "file_storage/queue", block_on_overflow: true });
        expect(retry.max_elapsed_time).toBe(0);
      } else {
        expect(queue.storage).toBeUndefined();
        expect(queue.block_on_overflow).toBe(false);
        expect(retry.max_elapsed_time).toBe("30s");
      }
    }
  });

  test("detaches copies, so that their full queue is no error of a request", () => {
    for (const [id, { processors, exporters }] of Object.entries(pipelines)) {
      const copied = exporters.some((exporter) => /\/(jaeger|vendor|archive)$/.test(exporter));
      expect([id, copied]).toEqual([id, id.endsWith("/copies")]);
      if (copied) expect(processors).toContain("batch/detach");
    }
  });

  test("uses every component that it configures, and configures every one that it uses", () => {
    const used = new Set(
      Object.values(pipelines).flatMap((one) => [
        ...one.receivers,
        ...one.processors,
        ...one.exporters,
      ]),
    );
    const { receivers, processors, connectors, exporters } = document as never;
    const configured = [receivers, processors, connectors, exporters].flatMap(Object.keys);
    expect([...used].sort()).toEqual(configured.sort());
  });
});

describe("sampling", () => {
  test("is not in the pipeline at ratio 1", () => {
    expect(Object.keys(documentFor({}).processors)).not.toContain("tail_sampling");
  });

  test.each([
    ["what is sampled", SAMPLED, "tail_sampling"],
    ["health checks", {}, "filter/health_checks"],
  ])("moves exemplars behind the choice of %s: each leads to a stored trace", (_, options, id) => {
    const { connectors, service } = documentFor(options);
    expect(connectors.span_metrics.exemplars.enabled).toBe(false);
    expect(connectors["span_metrics/exemplars"].exemplars.enabled).toBe(true);
    const { processors, exporters } = service.pipelines["traces/stored"];
    expect(processors).toContain(id);
    expect(exporters).toContain("span_metrics/exemplars");
  });

  test("stores straight away where nothing is dropped", () => {
    const { connectors, service } = documentFor({ sampling: { dropHealthChecks: false } });
    expect(connectors).not.toHaveProperty("span_metrics/exemplars");
    expect(connectors.span_metrics.exemplars.enabled).toBe(true);
    expect(Object.keys(service.pipelines)).not.toContain("traces/stored");
    expect(service.pipelines.traces.exporters).toContain("otlp_grpc/tempo");
  });
});

describe("redaction", () => {
  test("is gone when it is switched off", () => {
    const workload = workloadOf({ redaction: { enabled: false } });
    expect(documentOf(workload, "collector.yaml")).not.toMatch(/redaction|texts|out_of_reach/);
    expect(workload.args).toHaveLength(1);
  });

  test("drops links, which it cannot redact, unless they are wanted as they are", () => {
    const gates = "--feature-gates=ottl.functions.enableLambda";
    expect(workloadOf({}).args).toContain(`${gates},ottl.set.allowNil`);
    const kept = workloadOf({ redaction: { spanLinks: "keep" } });
    expect(kept.args).toContain(gates);
    expect(documentOf(kept, "collector.yaml")).not.toContain("span.links");
    expect(documentFor({ redaction: { values: [] } }).service.pipelines.traces.processors).toEqual(
      expect.arrayContaining(["redaction/keys", "transform/out_of_reach"]),
    );
  });

  test("looks at every text when the patterns are not its own", () => {
    const values = (options: object) =>
      documentFor({ redaction: options }).processors["redaction/values"];
    expect(values({})).toHaveProperty("allowed_values");
    expect(values({ values: ["agent"] })).not.toHaveProperty("allowed_values");
  });

  test("masks what is too deep for Tempo, before anything else looks at it", () => {
    const { processors } = documentFor({});
    const {
      blocked_values: [first],
    } = processors["redaction/trace_values"] as {
      blocked_values: string[];
    };
    expect(processors["redaction/values"].blocked_values).not.toContain(first);
    const pattern = RE2JS.compile(TOO_DEEP);
    const masked = (text: string) => pattern.matcher(text).replaceAll("****");
    const nested = (depth: number) => `${"[".repeat(depth)}"x"${"]".repeat(depth)}`;
    expect(masked(nested(1000))).toBe("****");
    expect(masked(nested(999))).toBe(nested(999));
    // Neither siblings nor texts between two levels hide it.
    expect(masked(`${'{"a":["]}",'.repeat(500)}1${"]}".repeat(500)}`)).toBe("****");
    expect(masked(`see ${nested(1000)}`)).toBe(`see ${nested(1000)}`);
  });

  test("takes a common key out of the shortcut when a pattern masks it", () => {
    const ignored = (keys: string[]) =>
      documentFor({ redaction: { keys } }).processors["redaction/keys"].ignored_keys as string[];
    expect(ignored([...SECRET_KEYS])).toContain("client.address");
    expect(ignored(["(?i)^CLIENT[.]"])).not.toContain("client.address");
    expect(ignored(["(?i)^CLIENT[.]"])).toContain("server.address");
  });
});

test("a dollar sign of a pattern reaches the collector as one", () => {
  const text = documentOf(workloadOf({ redaction: { keys: ["secret$"] } }), "collector.yaml");
  expect(text).toContain("- secret$$\n");
});
