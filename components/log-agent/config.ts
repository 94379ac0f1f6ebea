import { stringify } from "yaml";
import { limitsOf } from "../../config/capacity";
import { goDuration, mebibytes } from "../../config/units";
import { HOST_NAME, type Layout } from "../../targets/layout";
import type { ConfigFile, Workload } from "../../targets/workload";
import { clientTls } from "../collector/exporters";
import { ownMetrics, ownMetricsAddress } from "../own-metrics";
import { collectorArgs, goMemoryLimit, serviceWorkload, type ServiceContext } from "../service";
import { HOST } from "./pod-logs";
import { sourceOf } from "./source";

const FILE = "log-agent.yaml";

const IDS = {
  files: "file_log",
  own: "otlp/own",
  memoryLimiter: "memory_limiter",
  collector: "otlp_grpc/collector",
  offsets: "file_storage",
} as const;

const MI = 2 ** 20;

/** Largest batch, in bytes: gRPC servers take 4 MiB by default. */
const MAX_BATCH = 3.5 * MI;

function files({ config, layout }: ServiceContext) {
  const { include, exclude, settings, operators } = sourceOf(config, layout);
  return {
    include,
    ...(exclude && { exclude }),
    include_file_name: false,
    ...settings,
    // From its first start on. Later it goes on where it stopped, and reads new files whole; from the
    // beginning it would first read all that foreign containers ever wrote, and send lines that are
    // older than Loki takes.
    start_at: "end",
    poll_interval: "1s",
    storage: IDS.offsets,
    retry_on_failure: { enabled: true, max_elapsed_time: 0 },
    operators,
  };
}

/** To the intake, as an application sends: redaction and the stores' queues are there. */
function collector(context: ServiceContext) {
  const { config, layout } = context;
  return {
    endpoint: layout.peer("collector", "otlpGrpc"),
    tls: clientTls(context, "collector"),
    compression: "none",
    retry_on_failure: { initial_interval: "1s", max_interval: "5s", max_elapsed_time: 0 },
    sending_queue: {
      // What was read is on disk before the place where to go on is.
      storage: IDS.offsets,
      sizer: "bytes",
      // When it is full, what comes next waits in the containers' files.
      queue_size: 32 * MI,
      block_on_overflow: true,
      // Alone it keeps the lines in their order.
      num_consumers: 1,
      batch: {
        flush_timeout: goDuration(config.tuning.collector.batchTimeout),
        sizer: "bytes",
        min_size: MI,
        max_size: MAX_BATCH,
      },
    },
  };
}

/** The document of the log agent. */
export function logAgentDocuments(context: ServiceContext): ConfigFile[] {
  const { config, layout } = context;
  const memory = mebibytes(limitsOf(config, "log-agent").memory);
  const pipeline = (receiver: string) => ({
    receivers: [receiver],
    processors: [IDS.memoryLimiter],
    exporters: [IDS.collector],
  });
  const document = {
    extensions: {
      [IDS.offsets]: {
        directory: `${layout.data}/offsets`,
        create_directory: true,
        recreate: true,
      },
    },
    receivers: {
      [IDS.files]: files(context),
      [IDS.own]: { protocols: { http: { endpoint: ownMetricsAddress(layout) } } },
    },
    processors: {
      [IDS.memoryLimiter]: {
        check_interval: "1s",
        limit_mib: Math.floor(memory * 0.8),
        spike_limit_mib: Math.floor(memory * 0.2),
      },
    },
    exporters: { [IDS.collector]: collector(context) },
    service: {
      extensions: [IDS.offsets],
      telemetry: ownMetrics("log-agent", layout, {
        ...(isOneOfMany(layout) && { "service.instance.id": HOST }),
      }),
      pipelines: { logs: pipeline(IDS.files), metrics: pipeline(IDS.own) },
    },
  };
  const text = stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
  // "$" begins a reference to the environment, of which there is one; twice it is a dollar sign.
  const content = text.replaceAll("$", "$$$$").replaceAll(`$${HOST}`, HOST);
  return [{ path: `${layout.config}/${FILE}`, content }];
}

/** Whether others like it run on other hosts, so that it tells which one it is. */
const isOneOfMany = ({ containerLogs }: Layout) => containerLogs === "pods";

/** The log agent as a Workload: the only one that sees a directory of the host. */
export function logAgentWorkload(context: ServiceContext): Workload {
  const { config, layout } = context;
  return serviceWorkload(context, "log-agent", {
    ...collectorArgs(
      `--config=${layout.config}/${FILE}`,
      // By default lines wait up to 100 ms in memory while the place behind them is noted already.
      "--feature-gates=stanza.synchronousLogEmitter",
    ),
    env: goMemoryLimit(config, "log-agent"),
    files: logAgentDocuments(context),
    storage: { path: layout.data, ownedByImage: false },
    hostDirectories: [sourceOf(config, layout).directory],
    perHost: true,
    ...(isOneOfMany(layout) && { hostNameVariable: HOST_NAME }),
    probe: {
      kind: "none",
      reason: "the image has neither a shell nor a client, and the program has no health command",
    },
    stopGrace: 30,
    reload: "watch",
  });
}
