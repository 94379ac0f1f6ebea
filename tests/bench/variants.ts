import { basename } from "node:path";
import { parse, stringify } from "yaml";
import type { ServiceName } from "../../config/services";
import { toldAddresses } from "../helpers/gateway-addresses";
import type { Mutation } from "../helpers/process-stack";

/** Documents of a pipeline with one thing changed. Each is a comparison, none is an option. */
export interface Variant {
  name: string;
  /** What goes into the configuration. */
  options?: Record<string, unknown>;
  plaintext?: boolean;
  mutate?: Mutation;
  /** Processes that take spans in and hand them on; `[service, replica]`. Default: one collector. */
  collectors?: readonly (readonly [ServiceName, number])[];
}

type Pipelines = Record<string, { receivers: string[]; processors: string[]; exporters: string[] }>;

interface CollectorDocument {
  receivers: { otlp: { protocols: Record<string, { tls?: unknown }> } };
  exporters: Record<string, Record<string, unknown>>;
  service: { pipelines: Pipelines };
}

interface TempoDocument {
  distributor: { receivers: { otlp: { protocols: Record<string, { tls?: unknown }> } } };
}

/** Edits a service's YAML document in place. */
function edit<T>(service: string, change: (document: T) => void): Mutation {
  return (workload) => {
    if (workload.name !== service) return workload;
    const files = workload.files.map((file) => {
      if (basename(file.path) !== `${service}.yaml`) return file;
      const document = parse(file.content) as T;
      change(document);
      return { ...file, content: stringify(document, { aliasDuplicateObjects: false }) };
    });
    return { ...workload, files };
  };
}

const both =
  (...mutations: Mutation[]): Mutation =>
  (workload, places) =>
    mutations.reduce((changed, mutation) => mutation(changed, places), workload);

const pipelines = (change: (pipelines: Pipelines) => void) =>
  edit<CollectorDocument>("collector", ({ service }) => change(service.pipelines));

const isRedaction = (id: string) => /^(redaction|transform)\//.test(id);

/** Receives, queues on disk, sends: no counting, no redaction, no selection of what is stored. */
const bare = pipelines((all) => {
  const { traces } = all;
  const stored = all["traces/stored"] ?? traces;
  delete all["traces/stored"];
  delete all["metrics/counted"];
  traces.processors = ["memory_limiter"];
  traces.exporters = stored.exporters.filter((id) => id.startsWith("otlp"));
});

interface Added {
  counters?: string[];
  /** Those of the first pipeline. */
  processors?: (all: string[]) => string[];
  /** Those behind the counters. */
  selection?: (all: string[]) => string[];
}

/** The bare pipeline with some of what was taken out. */
function bareWith(add: Added) {
  return pipelines((all) => {
    const { traces } = all;
    const stored = all["traces/stored"] ?? traces;
    const selection = add.selection?.(stored.processors) ?? [];
    const exporters = stored.exporters.filter((id) => id.startsWith("otlp"));
    delete all["traces/stored"];
    if (!add.counters) delete all["metrics/counted"];
    else all["metrics/counted"].receivers = add.counters;
    const first = add.processors?.(traces.processors) ?? [];
    traces.processors = ["memory_limiter", ...first, ...selection];
    traces.exporters = [...(add.counters ?? []), ...exporters];
  });
}

/** What TLS costs is measured against a pipeline without it; no option of the product makes one. */
const plaintext = both(
  edit<CollectorDocument>("collector", ({ receivers, exporters }) => {
    Object.values(receivers.otlp.protocols).forEach((protocol) => delete protocol.tls);
    // No check of a certificate is switched off: at neither end is there TLS. An intake that is the
    // product's refuses it (tests/helpers/refusals.ts).
    exporters["otlp_grpc/tempo"].tls = { insecure: true };
  }),
  edit<TempoDocument>("tempo", ({ distributor }) => {
    Object.values(distributor.receivers.otlp.protocols).forEach((protocol) => delete protocol.tls);
  }),
);

export const VARIANTS: readonly Variant[] = [
  { name: "everything" },
  { name: "everything, plaintext", plaintext: true, mutate: plaintext },
  { name: "bare", mutate: bare },
  { name: "bare, plaintext", plaintext: true, mutate: both(bare, plaintext) },
  { name: "bare + span metrics", mutate: bareWith({ counters: ["span_metrics"] }) },
  { name: "bare + service graph", mutate: bareWith({ counters: ["service_graph"] }) },
  {
    name: "bare + redaction",
    mutate: bareWith({ processors: (all) => all.filter(isRedaction) }),
  },
  {
    // As good as every trace is kept, so that what differs is what the sampler costs.
    name: "bare + tail sampling",
    options: { sampling: { ratio: 0.999999 } },
    mutate: bareWith({ selection: (all) => all.filter((id) => id === "tail_sampling") }),
  },
  {
    name: "everything, health checks kept",
    options: { sampling: { dropHealthChecks: false } },
  },
  { name: "everything, a copy that is away", options: { jaeger: { enabled: true } } },
  { name: "everything, 10 % sampled", options: { sampling: { ratio: 0.1 } } },
  {
    name: "two tiers, 10 % sampled",
    options: {
      target: "kubernetes",
      kubernetes: { context: "none", volumes: { tempo: "500Gi" } },
      replicas: { collector: 2, "collector-gateway": 2 },
      sampling: { ratio: 0.1 },
    },
    mutate: toldAddresses,
    collectors: [
      ["collector", 0],
      ["collector", 1],
      ["collector-gateway", 0],
      ["collector-gateway", 1],
    ],
  },
];
