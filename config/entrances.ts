import type { StackConfig } from "./parse";
import type { ServiceName } from "./services";

/** A way in from outside of what the stack runs on, to one listener of a service. */
export interface Entrance {
  /** Public name. */
  host?: string;
  /** Port that the world dials. */
  port: number;
  /** Namespaces of the pods that pass it on. */
  namespaces: readonly string[];
  /** Ranges of addresses from which it comes or is passed on. */
  addresses: readonly string[];
}

type Routes = StackConfig["kubernetes"]["routes"];
type Balancers = StackConfig["kubernetes"]["loadBalancers"];

/** A route of one listener, whatever the service. */
export type Route = NonNullable<Routes["grafana"]["https"]>;

/** The route to a listener, if the options ask for one. */
export function routeOf(routes: Routes, service: string, listener: string): Route | undefined {
  return (routes as Partial<Record<string, Partial<Record<string, Route>>>>)[service]?.[listener];
}

/** The load balancer of a service, if the options ask for one. */
export const balancerOf = (balancers: Balancers, service: string) =>
  (balancers as Partial<Record<string, NonNullable<Balancers["grafana"]>>>)[service];

/** The way in to a listener, if the options ask for one. */
export function entranceOf(
  { kubernetes, hostNames, ports }: StackConfig,
  service: ServiceName,
  listener: string,
): Entrance | undefined {
  const [host] = (hostNames as Partial<Record<string, string[]>>)[service] ?? [];
  const route = routeOf(kubernetes.routes, service, listener);
  if (route !== undefined) {
    return {
      host: route.host ?? host,
      port: route.port,
      namespaces: route.fromNamespaces,
      addresses: route.fromAddresses,
    };
  }
  const balancer = balancerOf(kubernetes.loadBalancers, service);
  const port = (ports as Partial<Record<string, Record<string, unknown>>>)[service]?.[listener];
  return balancer === undefined || typeof port !== "number"
    ? undefined
    : { host, port, namespaces: [], addresses: balancer.sourceRanges };
}
