import { parse, parseDocument, stringify, type Document } from "yaml";
import type { CertificateSpec } from "../../components/pki/certificate-spec";
import type { ServiceName } from "../../config/services";
import { editFiles, type Mutation, type Places } from "../helpers/process-stack";

/** One hop broken on purpose, and what the verification must say of it. */
export interface BrokenHop {
  title: string;
  services: readonly ServiceName[];
  mutate?: Mutation;
  certificates?: Readonly<Record<string, Partial<CertificateSpec>>>;
  /** Ids of all hops that must be called broken; every other one is well or not checked. */
  broken: string[];
  cause: RegExp;
}

type Key = string | number;

/** Edits a service's main document as data. */
function edited(
  service: ServiceName,
  edit: (document: Document, places: Places) => void,
): Mutation {
  return editFiles(service, (document, places) => {
    if (!new RegExp(`/config/${service}\\.ya?ml$`).test(document.path)) return document;
    const data = parseDocument(
      stringify(parse(document.content), { aliasDuplicateObjects: false }),
    );
    edit(data, places);
    return { ...document, content: data.toString() };
  });
}

/** Takes out what must be there: a mutation that changes nothing proves nothing. */
function remove(document: Document, path: readonly Key[]): void {
  if (!document.deleteIn(path)) throw new Error(`the document has no ${path.join(".")}`);
}

function replace(document: Document, path: readonly Key[], value: unknown): void {
  if (!document.hasIn(path)) throw new Error(`the document has no ${path.join(".")}`);
  document.setIn(path, value);
}

/** Every block of Tempo that dials Tempo. */
const TEMPO_CLIENTS = [
  ["live_store_client", "grpc_client_config"],
  ["backend_scheduler_client", "grpc_client_config"],
  ["querier", "frontend_worker", "grpc_client_config"],
] as const;

const TLS_KEYS = [
  "tls_enabled",
  "tls_cert_path",
  "tls_key_path",
  "tls_ca_path",
  "tls_server_name",
] as const;

const plaintext = (document: Document, client: readonly Key[]) => {
  for (const key of TLS_KEYS) remove(document, [...client, key]);
};

const TRACES = ["tempo", "collector", "prometheus"] as const;
const LOGS = ["loki", "collector", "prometheus", "tempo"] as const;

export const BROKEN_HOPS: readonly BrokenHop[] = [
  {
    title: "server TLS without client TLS inside Tempo",
    services: TRACES,
    mutate: edited("tempo", (tempo) => TEMPO_CLIENTS.forEach((client) => plaintext(tempo, client))),
    broken: ["tempo.trace"],
    cause: /Tempo's own client.* plaintext|tempo's own client speaks plaintext/i,
  },
  {
    title: "a self-dial certificate without client usage",
    services: TRACES,
    certificates: { tempo: { uses: ["digital_signature", "server_auth"] } },
    broken: ["tempo.trace"],
    cause: /tempo's own client.*client usage|client usage.*tempo's own client/i,
  },
  {
    title: "a missing server name",
    services: TRACES,
    mutate: edited("tempo", (tempo) => {
      for (const client of TEMPO_CLIENTS) remove(tempo, [...client, "tls_server_name"]);
    }),
    certificates: { tempo: { ipAddresses: [] } },
    broken: ["tempo.trace"],
    cause: /server name/,
  },
  {
    title: "Tempo's own clients trust another CA",
    services: TRACES,
    mutate: edited("tempo", (tempo, { foreignTrust }) => {
      for (const client of TEMPO_CLIENTS) {
        replace(tempo, [...client, "tls_ca_path"], `${foreignTrust}/root.crt`);
      }
    }),
    broken: ["tempo.trace"],
    cause: /do not trust the same CA/,
  },
  {
    title: "a scrape that trusts another CA",
    services: TRACES,
    mutate: edited("prometheus", (prometheus, { foreignTrust }) => {
      const jobs = (prometheus.toJS() as { scrape_configs: { job_name: string }[] }).scrape_configs;
      const job = jobs.findIndex(({ job_name: name }) => name === "tempo");
      const path = ["scrape_configs", job, "tls_config", "ca_file"];
      replace(prometheus, path, `${foreignTrust}/root.crt`);
    }),
    broken: ["prometheus.scrapes.tempo"],
    cause: /prometheus and tempo do not trust the same CA/,
  },
  {
    title: "Tempo ready but not storing",
    services: TRACES,
    mutate: edited("tempo", (tempo) => plaintext(tempo, TEMPO_CLIENTS[0])),
    broken: ["tempo.trace"],
    cause: /tempo's own client speaks plaintext/,
  },
  {
    title: "Tempo discarding at a limit what was accepted",
    services: TRACES,
    mutate: edited("tempo", (tempo) => {
      replace(tempo, ["overrides", "defaults", "global", "max_bytes_per_trace"], 10);
    }),
    broken: ["tempo.trace"],
    cause: /discarded them at a limit: trace_too_large/,
  },
  {
    title: "the collector's exporter without a CA",
    services: TRACES,
    mutate: edited("collector", (collector) => {
      remove(collector, ["exporters", "otlp_grpc/tempo", "tls", "ca_file"]);
    }),
    broken: ["collector.tempo"],
    cause: /collector and tempo do not trust the same CA/,
  },
  {
    title: "Prometheus refusing OTLP metrics",
    services: TRACES,
    mutate: (workload) =>
      workload.name === "prometheus"
        ? { ...workload, args: workload.args.filter((arg) => !arg.includes("otlp-receiver")) }
        : workload,
    broken: ["collector.prometheus"],
    cause: /OTLP receiver is off/,
  },
  {
    title: "Loki's ring dialled in plaintext",
    services: LOGS,
    mutate: edited("loki", (loki) => plaintext(loki, ["ingester_client", "grpc_client_config"])),
    broken: ["loki.log"],
    cause: /loki's own client speaks plaintext|ring dialled in plaintext/,
  },
  {
    title: "the collector sends logs to Loki with another CA",
    services: LOGS,
    mutate: edited("collector", (collector, { foreignTrust }) => {
      const path = ["exporters", "otlp_http/loki", "tls", "ca_file"];
      replace(collector, path, `${foreignTrust}/root.crt`);
    }),
    broken: ["collector.loki"],
    cause: /collector and loki do not trust the same CA/,
  },
];
