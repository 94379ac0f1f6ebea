import { bytesPerSecond, capacityOf } from "../../config/capacity";
import type { StackConfig } from "../../config/parse";
import { goDuration } from "../../config/units";
import { tlsFiles } from "../../targets/layout";
import type { ConfigFile } from "../../targets/workload";
import { CERTIFICATE_RELOAD, type ServiceContext } from "../service";
import { isEnabled } from "../stack/connections";
import { GUARDED } from "../stack/listeners";
import { IDS, type Settings } from "./component";

/** Ids of the exporters to the stores: what they have taken is never dropped. */
export const PRIMARIES = ["otlp_grpc/tempo", "otlp_http/loki", "otlp_http/prometheus"] as const;

const DEBUG = "debug";

export type Signal = "traces" | "logs" | "metrics";

const MI = 2 ** 20;

/** Largest batch, in bytes, that is sent in one request: 4 MiB is what gRPC servers take by default. */
const MAX_BATCH = 3.5 * MI;

/** TLS of an exporter to a server of this name. */
export function clientTls({ layout }: ServiceContext, serverName: string, ca?: string): Settings {
  const { certificate, key, root } = tlsFiles(layout);
  return {
    ca_file: ca ?? root,
    cert_file: certificate,
    key_file: key,
    server_name_override: serverName,
    min_version: "1.2",
    reload_interval: CERTIFICATE_RELOAD,
  };
}

function batch(config: StackConfig): Settings {
  return {
    flush_timeout: goDuration(config.tuning.collector.batchTimeout),
    sizer: "bytes",
    min_size: Math.min(config.tuning.collector.batchSize, MAX_BATCH),
    max_size: MAX_BATCH,
  };
}

/**
 * A primary exporter: what was acknowledged waits on disk as long as it takes, and when the stated
 * outage is over the intake waits too instead of losing something.
 */
function primary(context: ServiceContext, bytesEachSecond: number): Settings {
  const { capacity, tuning } = context.config;
  return {
    timeout: "30s",
    // 0: for ever. Short pauses: those of gRPC, which grow to two minutes, come on top of them.
    retry_on_failure: { initial_interval: "1s", max_interval: "5s", max_elapsed_time: 0 },
    sending_queue: {
      storage: IDS.queue,
      sizer: "bytes",
      // A queue that holds less than a batch is refused at the start.
      queue_size: Math.max(4, Math.ceil((bytesEachSecond * capacity.outage) / MI)) * MI,
      block_on_overflow: true,
      num_consumers: tuning.collector.exportersConcurrency,
      batch: batch(context.config),
    },
  };
}

/**
 * An exporter of copies: a short queue in memory, and what does not fit is dropped and counted. A
 * full queue is an error, which must not reach the sender: see `IDS.detach` in the pipelines.
 */
function copy(context: ServiceContext): Settings {
  return {
    timeout: "5s",
    retry_on_failure: { initial_interval: "1s", max_interval: "5s", max_elapsed_time: "30s" },
    sending_queue: {
      sizer: "bytes",
      queue_size: 32 * MI,
      block_on_overflow: false,
      num_consumers: 2,
      batch: batch(context.config),
    },
  };
}

/** Where the CA of an extra receiver's certificate stands, if it has one of its own. */
const receiverCa = ({ layout }: ServiceContext, name: string) =>
  `${layout.config}/receiver-${name}-ca.crt`;

/** CA certificates of extra receivers. */
export function receiverCaFiles(context: ServiceContext): ConfigFile[] {
  return context.config.extraReceivers.flatMap(({ name, ca }) =>
    ca === undefined ? [] : [{ path: receiverCa(context, name), content: `${ca.trim()}\n` }],
  );
}

interface Exporter {
  id: string;
  signals: readonly Signal[];
  settings: Settings;
}

/** Nothing is compressed on the way to a neighbour on the same host: it would only cost CPU. */
function exporterList(context: ServiceContext): Exporter[] {
  const { config, layout } = context;
  const rate = bytesPerSecond({ capacity: capacityOf(config, "collector") });
  const exporters: Exporter[] = [
    {
      id: PRIMARIES[0],
      signals: ["traces"],
      settings: {
        endpoint: layout.peer("tempo", GUARDED),
        tls: clientTls(context, "tempo"),
        compression: "none",
        ...primary(context, rate.traces),
      },
    },
    {
      id: PRIMARIES[1],
      signals: ["logs"],
      settings: {
        endpoint: `https://${layout.peer("loki", "http")}/otlp`,
        tls: clientTls(context, "loki"),
        compression: "none",
        ...primary(context, rate.logs),
      },
    },
    {
      id: PRIMARIES[2],
      signals: ["metrics"],
      settings: {
        endpoint: `https://${layout.peer("prometheus", GUARDED)}/api/v1/otlp`,
        tls: clientTls(context, "prometheus"),
        compression: "none",
        ...primary(context, rate.metrics),
      },
    },
  ];
  if (isEnabled(config, "jaeger")) {
    exporters.push({
      id: "otlp_grpc/jaeger",
      signals: ["traces"],
      settings: {
        endpoint: layout.peer("jaeger", "otlpGrpc"),
        tls: clientTls(context, "jaeger"),
        compression: "none",
        ...copy(context),
      },
    });
  }
  for (const { name, protocol, endpoint, ca, signals } of config.extraReceivers) {
    const host = endpoint.replace(/:\d+$/, "");
    exporters.push({
      id: `otlp_${protocol}/${name}`,
      signals,
      settings: {
        endpoint: protocol === "grpc" ? endpoint : `https://${endpoint}`,
        tls: {
          ...clientTls(context, host, ca && receiverCa(context, name)),
          // Without a CA of its own it is verified against the system's.
          ...(ca === undefined && { ca_file: undefined, include_system_ca_certs_pool: true }),
        },
        ...copy(context),
      },
    });
  }
  if (config.debugExporter.enabled) {
    exporters.push({
      id: DEBUG,
      signals: ["traces", "logs", "metrics"],
      settings: { verbosity: config.debugExporter.verbosity },
    });
  }
  return exporters;
}

/** Settings of every exporter, by id. */
export function exporters(context: ServiceContext): Record<string, Settings> {
  return Object.fromEntries(exporterList(context).map(({ id, settings }) => [id, settings]));
}

const isCopy = (id: string) => id !== DEBUG && !PRIMARIES.some((primaryId) => primaryId === id);

/** Ids of the exporters whose acceptance of a signal is what the intake acknowledges. */
export function storesOf(context: ServiceContext, signal: Signal): string[] {
  return idsOf(context, signal).filter((id) => !isCopy(id));
}

/** Ids of the exporters that get a copy of a signal. */
export function copiesOf(context: ServiceContext, signal: Signal): string[] {
  return idsOf(context, signal).filter(isCopy);
}

const idsOf = (context: ServiceContext, signal: Signal) =>
  exporterList(context)
    .filter(({ signals }) => signals.includes(signal))
    .map(({ id }) => id);
