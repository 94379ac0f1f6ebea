import { limitsOf } from "../../config/capacity";
import { mebibytes } from "../../config/units";
import { REPLICA } from "../../targets/layout";
import type { ConfigFile, Workload } from "../../targets/workload";
import { attributesAccess, clusterAttributes } from "../collector/cluster-attributes";
import { documentText, IDS, REPLICA_NAME, type Settings } from "../collector/component";
import { clientTls } from "../collector/exporters";
import { heapOf, memoryLimiter } from "../collector/memory";
import { applicationIntake } from "../collector/receivers";
import { ownMetrics, ownMetricsAddress } from "../own-metrics";
import { collectorArgs, serviceWorkload, UNTIL_FORGOTTEN, type ServiceContext } from "../service";

const FILE = "gateway.yaml";

/** What hands data on, by what is handed to the same replica. */
const HANDOVER = {
  traces: "load_balancing/traces",
  resources: "load_balancing/resources",
} as const;

/**
 * Hands data to the collector's replicas and waits for their answer, which is the sender's: there is
 * no queue, so what is acknowledged lies with a replica. A replica that refuses is asked again for
 * its part alone while the sender waits; if the sender has to repeat, it repeats the others' parts
 * too. Any error that is left goes to the sender as one that a repetition may mend.
 */
function handover(context: ServiceContext, key: "traceID" | "resource"): Settings {
  const [hostname, port] = context.layout.replicas("collector", "handover").split(":");
  return {
    routing_key: key,
    protocol: {
      otlp: {
        // Addresses are dialled; whose they are is checked all the same.
        tls: clientTls(context, "collector"),
        compression: "none",
        timeout: "5s",
        retry_on_failure: {
          initial_interval: "100ms",
          max_interval: "500ms",
          max_elapsed_time: "1s",
        },
        sending_queue: { enabled: false },
      },
    },
    resolver: { dns: { hostname, port, interval: "5s", timeout: "2s" } },
  };
}

/** The document of the gateway. */
export function gatewayDocuments(context: ServiceContext): ConfigFile[] {
  const { config, layout } = context;
  const senders = clusterAttributes(config);
  const pipeline = (receiver: string, exporter: string) => ({
    receivers: [receiver],
    processors: [IDS.memoryLimiter, ...(receiver === IDS.own ? [] : Object.keys(senders))],
    exporters: [exporter],
  });
  const document = {
    extensions: {
      [IDS.health]: { endpoint: `${layout.probeBind}:${layout.listen("health")}` },
    },
    receivers: {
      otlp: applicationIntake(context, "collector-gateway"),
      [IDS.own]: { protocols: { http: { endpoint: ownMetricsAddress(layout) } } },
    },
    processors: {
      [IDS.memoryLimiter]: memoryLimiter(limitsOf(config, "collector-gateway")),
      ...senders,
    },
    exporters: {
      [HANDOVER.traces]: handover(context, "traceID"),
      [HANDOVER.resources]: handover(context, "resource"),
    },
    service: {
      extensions: [IDS.health],
      telemetry: ownMetrics("collector-gateway", layout, { "service.instance.id": REPLICA_NAME }),
      pipelines: {
        traces: pipeline("otlp", HANDOVER.traces),
        logs: pipeline("otlp", HANDOVER.resources),
        metrics: pipeline("otlp", HANDOVER.resources),
        "metrics/own": pipeline(IDS.own, HANDOVER.resources),
      },
    },
  };
  return [{ path: `${layout.config}/${FILE}`, content: documentText(document) }];
}

/** The gateway as a Workload: it keeps nothing, so that any number of it may come and go. */
export function gatewayWorkload(context: ServiceContext): Workload {
  const { config, layout } = context;
  const limits = limitsOf(config, "collector-gateway");
  const scaled = config.kubernetes.autoscale["collector-gateway"];
  return serviceWorkload(context, "collector-gateway", {
    ...collectorArgs(`--config=${layout.config}/${FILE}`),
    env: { GOMEMLIMIT: `${mebibytes(heapOf(limits))}MiB` },
    files: gatewayDocuments(context),
    probe: {
      kind: "none",
      reason: "the image has neither a shell nor a client, and the program has no health command",
    },
    dialledProbe: { kind: "http", port: layout.listen("health"), path: "/" },
    replicaNameVariable: REPLICA.name,
    ...attributesAccess(config),
    ...(scaled && { autoscale: { most: scaled.most, cpus: scaled.cpu * limits.cpus } }),
    linger: UNTIL_FORGOTTEN,
    // What it has taken is in flight: a replica answers within seconds.
    stopGrace: 30,
    reload: "watch",
  });
}
