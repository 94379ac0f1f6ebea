/** The services that somebody dials by their own name, in the order in which they are listed everywhere. */
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

/**
 * The services of the stack. The gateway is dialled under the collector's name, where the collector
 * has two tiers; the log agent only sends: it has no port, no host name and no server's certificate.
 */
export const SERVICES = [...DIALLED_SERVICES, "collector-gateway", "log-agent"] as const;

/** What images are named for: the services, and the guard beside some of them (`components/guard`). */
export const IMAGE_USERS = [...SERVICES, "guard"] as const;

export type ImageUser = (typeof IMAGE_USERS)[number];
export type DialledService = (typeof DIALLED_SERVICES)[number];
export type ServiceName = (typeof SERVICES)[number];

/** Whether one of a service runs on every host, beside what it reads there. */
export const isPerHost = (service: ServiceName): boolean => service === "log-agent";

/** Whether somebody dials a service by its own name. */
export function isDialled(service: ServiceName): service is DialledService {
  return (DIALLED_SERVICES as readonly string[]).includes(service);
}

/** The name at which a service is dialled: the gateway stands at the collector's. */
export const dialledName = <T extends ServiceName>(service: T) =>
  (service === "collector-gateway" ? "collector" : service) as Exclude<T, "collector-gateway">;
