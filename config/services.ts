/** The services that somebody dials, in the order in which they are listed everywhere. */
export const DIALLED_SERVICES = [
  "tempo",
  "collector",
  "prometheus",
  "loki",
  "grafana",
  "jaeger",
  "qdrant",
  "alertmanager",
] as const;

/** The services of the stack; the last only sends: it has no port, no host name and no server's certificate. */
export const SERVICES = [...DIALLED_SERVICES, "log-agent"] as const;

export type DialledService = (typeof DIALLED_SERVICES)[number];
export type ServiceName = (typeof SERVICES)[number];

/** Whether one of a service runs on every host, beside what it reads there. */
export const isPerHost = (service: ServiceName): boolean => service === "log-agent";

/** Whether somebody dials a service. */
export function isDialled(service: ServiceName): service is DialledService {
  return (DIALLED_SERVICES as readonly string[]).includes(service);
}
