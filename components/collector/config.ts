import { stringify } from "yaml";
import { limitsOf } from "../../config/capacity";
import { mebibytes } from "../../config/units";
import type { ConfigFile, Workload } from "../../targets/workload";
import { ownMetrics } from "../own-metrics";
import { serviceWorkload, type ServiceContext } from "../service";
import { IDS, type Settings } from "./component";
import { connectors } from "./connectors";
import { exporters, receiverCaFiles } from "./exporters";
import { hostIdentity } from "./host-metrics";
import { pipelines } from "./pipelines";
import { receivers } from "./receivers";
import { redaction, redactionArgs } from "./redaction";
import { sampling } from "./sampling";

/** Share of the memory limit that Go's collector keeps to, and at which the intake refuses. */
const HEAP_SHARE = 0.8;

/** Name of the document inside the configuration directory. */
const FILE = "collector.yaml";

const heap = ({ config }: ServiceContext) => limitsOf(config, "collector").memory * HEAP_SHARE;

function memoryLimiter(context: ServiceContext): Settings {
  const limit = mebibytes(heap(context));
  // The intake refuses from limit minus spike on; what is in flight then still fits.
  return { check_interval: "1s", limit_mib: limit, spike_limit_mib: Math.round(limit * 0.2) };
}

function extensions({ config, layout }: ServiceContext): Record<string, Settings> {
  return {
    [IDS.health]: { endpoint: `${layout.probeBind}:${layout.listen("health")}` },
    [IDS.queue]: {
      directory: `${layout.data}/queue`,
      create_directory: true,
      // Without it a kill of the process loses nothing, a loss of power may lose the last writes.
      fsync: config.tuning.collector.fsync,
      // What an outage filled is given back to the disk.
      compaction: {
        directory: `${layout.data}/queue`,
        on_start: true,
        on_rebound: true,
        cleanup_on_start: true,
      },
      // A queue that a crash of the host left unreadable is set aside, not a reason never to start.
      recreate: true,
    },
  };
}

/** The collector's documents. */
export function collectorDocuments(context: ServiceContext): ConfigFile[] {
  const { config, layout } = context;
  const flow = pipelines(context);
  const isUsed = (id: string) =>
    Object.values(flow).some(({ processors, exporters: to }) =>
      [...processors, ...to].includes(id),
    );
  const document = {
    extensions: extensions(context),
    receivers: receivers(context),
    processors: {
      [IDS.memoryLimiter]: memoryLimiter(context),
      ...redaction(config),
      [IDS.resource]: {
        attributes: [
          { key: "deployment.environment.name", value: config.environment, action: "insert" },
        ],
      },
      ...sampling(config),
      [IDS.hostIdentity]: hostIdentity,
      // No wait and no size: it hands on at once, but from a goroutine of its own.
      ...(isUsed(IDS.detach) && { [IDS.detach]: { timeout: "0s" } }),
    },
    connectors: {
      ...connectors(config),
      ...(isUsed(IDS.stored) && { [IDS.stored]: {} }),
      ...(isUsed(IDS.copies) && { [IDS.copies]: {} }),
    },
    exporters: exporters(context),
    service: {
      extensions: [IDS.health, IDS.queue],
      telemetry: ownMetrics("collector", layout),
      pipelines: flow,
    },
  };
  return [
    // "$" begins a reference to the environment; twice it is a dollar sign.
    {
      path: `${layout.config}/${FILE}`,
      content: stringify(document, { lineWidth: 0, aliasDuplicateObjects: false }).replaceAll(
        "$",
        "$$$$",
      ),
    },
    ...receiverCaFiles(context),
  ];
}

/** The collector as a Workload. */
export function collectorWorkload(context: ServiceContext): Workload {
  const { config, layout } = context;
  return serviceWorkload(context, "collector", {
    args: [`--config=${layout.config}/${FILE}`, ...redactionArgs(config)],
    env: { GOMEMLIMIT: `${mebibytes(heap(context))}MiB` },
    files: collectorDocuments(context),
    storage: { path: layout.data, ownedByImage: false },
    probe: {
      kind: "none",
      reason: "the image has neither a shell nor a client, and the program has no health command",
    },
    dialledProbe: { kind: "http", port: layout.listen("health"), path: "/" },
    // Queues are on disk; what is still in flight gets a minute.
    stopGrace: 60,
    reload: "watch",
  });
}
