import { limitsOf } from "../../config/capacity";
import { goDuration, mebibytes } from "../../config/units";
import { REPLICA } from "../../targets/layout";
import type { ConfigFile, Workload } from "../../targets/workload";
import { CLOCK_ERROR } from "../clocks";
import { ownMetrics } from "../own-metrics";
import {
  collectorArgs,
  portsOf,
  serviceWorkload,
  UNTIL_FORGOTTEN,
  type ServiceContext,
} from "../service";
import { hasTwoTiers, openListeners } from "../stack/connections";
import { attributesAccess, clusterAttributes } from "./cluster-attributes";
import { documentText, IDS, REPLICA_NAME, type Settings } from "./component";
import { connectors } from "./connectors";
import { exporters, receiverCaFiles } from "./exporters";
import { hostIdentity } from "./host-metrics";
import { heapOf, memoryLimiter } from "./memory";
import { pipelines } from "./pipelines";
import { receivers } from "./receivers";
import { redaction, redactionArgs } from "./redaction";
import { sampling } from "./sampling";

/** Name of the document inside the configuration directory. */
const FILE = "collector.yaml";

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

/**
 * Series that each replica counts for itself are told apart by its name, or two would take turns in
 * writing one series. The connector of spans calls it so, too.
 */
const replicaLabel: Settings = {
  actions: [{ key: "collector.instance.id", value: REPLICA_NAME, action: "insert" }],
};

/**
 * Prometheus refuses samples that are ten minutes ahead, or further behind than what may arrive out of
 * order, and with one of them everybody's samples of the same request, for good. Those of such a
 * clock get the time at which they came.
 */
const clocks: Settings = {
  error_mode: "ignore",
  metric_statements: [
    {
      context: "datapoint",
      statements: [
        `set(datapoint.time, Now()) where datapoint.time > Now() + Duration("5m") or ` +
          `datapoint.time < Now() - Duration("${goDuration(CLOCK_ERROR)}")`,
      ],
    },
  ],
};

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
      [IDS.memoryLimiter]: memoryLimiter(limitsOf(config, "collector")),
      ...(!hasTwoTiers(config) && clusterAttributes(config)),
      ...redaction(config),
      [IDS.resource]: {
        attributes: [
          { key: "deployment.environment.name", value: config.environment, action: "insert" },
        ],
      },
      [IDS.clocks]: clocks,
      ...sampling(config),
      [IDS.hostIdentity]: hostIdentity(config),
      ...(isUsed(IDS.replica) && { [IDS.replica]: replicaLabel }),
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
      telemetry: ownMetrics("collector", layout, {
        ...(hasTwoTiers(config) && { "service.instance.id": REPLICA_NAME }),
      }),
      pipelines: flow,
    },
  };
  return [
    { path: `${layout.config}/${FILE}`, content: documentText(document) },
    ...receiverCaFiles(context),
  ];
}

/** What is particular to it as the second of two tiers, to which the gateway alone sends. */
const secondTier = (context: ServiceContext) => ({
  replicaNameVariable: REPLICA.name,
  front: {
    name: "collector-gateway",
    ports: portsOf(context, "collector", openListeners(context.config, "collector-gateway")),
  },
  // Until nobody sends to it any more, and then until what it has is decided.
  linger: UNTIL_FORGOTTEN + context.config.sampling.decisionWait,
});

/** The collector as a Workload. */
export function collectorWorkload(context: ServiceContext): Workload {
  const { config, layout } = context;
  return serviceWorkload(context, "collector", {
    ...(hasTwoTiers(config) ? secondTier(context) : attributesAccess(config)),
    ...collectorArgs(`--config=${layout.config}/${FILE}`, ...redactionArgs(config)),
    env: { GOMEMLIMIT: `${mebibytes(heapOf(limitsOf(config, "collector")))}MiB` },
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
