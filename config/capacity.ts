import type { StackConfig } from "./parse";
import type { ServiceName } from "./services";

/** Bytes that one span, log line or sample takes on the wire and in a queue, rounded up from what was measured. */
export const WIRE_BYTES = { span: 600, logLine: 500, sample: 120 } as const;

export interface Limits {
  /** Bytes. */
  memory: number;
  /** Bytes. */
  memoryReservation: number;
  /** Cores. */
  cpus: number;
}

const MI = 2 ** 20;

/** How many of the gateway run; with autoscaling, at least. */
export const gatewayReplicas = (replicas: StackConfig["replicas"]): number =>
  replicas["collector-gateway"] ?? 2;

/** How many of a service run; with autoscaling, at least. */
export function replicaCount({ replicas }: StackConfig, service: ServiceName): number {
  if (service === "log-agent") return 1;
  return service === "collector-gateway" ? gatewayReplicas(replicas) : replicas[service];
}

/** What one replica of a service is to carry. Of several, one may be away. */
export function capacityOf(config: StackConfig, service: ServiceName): StackConfig["capacity"] {
  const carrying = Math.max(1, replicaCount(config, service) - 1);
  const { spansPerSecond, logLinesPerSecond, seriesPerSecond } = config.capacity;
  const part = (rate: number) => Math.ceil(rate / carrying);
  return {
    ...config.capacity,
    spansPerSecond: part(spansPerSecond),
    logLinesPerSecond: part(logLinesPerSecond),
    seriesPerSecond: part(seriesPerSecond),
  };
}

/** Default memory (bytes) and CPU (cores) of a replica that carries so much. */
const DEMAND: Record<
  ServiceName,
  (capacity: StackConfig["capacity"]) => { memory: number; cpus: number }
> = {
  tempo: ({ spansPerSecond }) => ({
    memory: (768 + spansPerSecond * 0.06) * MI,
    cpus: 1 + spansPerSecond / 20_000,
  }),
  collector: ({ spansPerSecond, logLinesPerSecond, seriesPerSecond }) => ({
    memory: (512 + spansPerSecond * 0.06 + logLinesPerSecond * 0.03 + seriesPerSecond * 0.01) * MI,
    cpus: 1 + spansPerSecond / 20_000,
  }),
  // It keeps nothing: what it holds is on its way.
  "collector-gateway": ({ spansPerSecond, logLinesPerSecond, seriesPerSecond }) => ({
    memory: (256 + spansPerSecond * 0.02 + logLinesPerSecond * 0.01 + seriesPerSecond * 0.01) * MI,
    cpus: 0.5 + spansPerSecond / 40_000,
  }),
  prometheus: ({ seriesPerSecond }) => ({
    memory: (512 + seriesPerSecond * 0.1) * MI,
    cpus: 1 + seriesPerSecond / 100_000,
  }),
  loki: ({ logLinesPerSecond }) => ({
    memory: (512 + logLinesPerSecond * 0.06) * MI,
    cpus: 1 + logLinesPerSecond / 20_000,
  }),
  grafana: () => ({ memory: 512 * MI, cpus: 1 }),
  jaeger: ({ spansPerSecond }) => ({ memory: (512 + spansPerSecond * 0.06) * MI, cpus: 1 }),
  qdrant: () => ({ memory: 1024 * MI, cpus: 1 }),
  alertmanager: () => ({ memory: 128 * MI, cpus: 0.25 }),
  "log-agent": () => ({ memory: 256 * MI, cpus: 0.5 }),
};

/** Limits of each replica: those of the options, else what its part of the stated capacity asks for. */
export function limitsOf(config: StackConfig, service: ServiceName): Limits {
  const stated = config.limits[service];
  const demand = DEMAND[service](capacityOf(config, service));
  const whole = (bytes: number) => Math.ceil(bytes / (64 * MI)) * 64 * MI;
  const memory = stated.memory ?? whole(demand.memory);
  return {
    memory,
    memoryReservation: stated.memoryReservation ?? Math.floor(memory / 4 / MI) * MI,
    cpus: stated.cpus ?? Math.round(demand.cpus * 4) / 4,
  };
}

/** Bytes per second of each signal at the stated capacity. */
export function bytesPerSecond({ capacity }: Pick<StackConfig, "capacity">): {
  traces: number;
  logs: number;
  metrics: number;
} {
  const { spansPerSecond, logLinesPerSecond, seriesPerSecond } = capacity;
  return {
    traces: spansPerSecond * WIRE_BYTES.span,
    logs: logLinesPerSecond * WIRE_BYTES.logLine,
    metrics: seriesPerSecond * WIRE_BYTES.sample,
  };
}
