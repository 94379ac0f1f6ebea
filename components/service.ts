import { limitsOf, replicaCount } from "../config/capacity";
import { entranceOf, routeOf } from "../config/entrances";
import { imageOf, IMAGES } from "../config/images";
import type { StackConfig } from "../config/parse";
import { isDialled, type ServiceName } from "../config/services";
import type { Layout } from "../targets/layout";
import type { Workload, WorkloadPort } from "../targets/workload";
import { edgesOf } from "./stack/edges";
import { dialledBy, openListeners, zonesOf } from "./stack/connections";
import { GUARDED, listenersOf } from "./stack/listeners";
import { ROUTE_KEY } from "./stack/secrets";

/**
 * How often what reads certificates by a timer reads them again, so that a renewal needs no restart:
 * the listeners and exporters of the collector and of Jaeger, Tempo's OTLP port (`reload_interval`,
 * config/configtls of the collector; left out, they never do), and Qdrant (`cert_ttl`). They look at
 * the first handshake after it, so a short one costs two small files each time.
 */
export const CERTIFICATE_RELOAD = "15s";

/** Seconds until who looks names up, or is led by the target, has noticed that a replica ends. */
export const UNTIL_FORGOTTEN = 15;

/** What every room's pure builders take: the options and where the process finds things. */
export interface ServiceContext {
  config: StackConfig;
  layout: Layout;
}

/** The collector of garbage of a Go program works harder before the kernel kills it. */
export function goMemoryLimit(config: StackConfig, service: ServiceName): Record<string, string> {
  return { GOMEMLIMIT: String(Math.floor(limitsOf(config, service).memory * 0.85)) };
}

/** `host:port` of each replica of a service. All carry the service's name in their certificate. */
export function replicasOf(
  { config, layout }: ServiceContext,
  service: ServiceName,
  listener: string,
): string[] {
  const replicas = replicaCount(config, service);
  if (replicas === 1) return [layout.peer(service, listener)];
  return Array.from({ length: replicas }, (_, index) => layout.replica(service, index, listener));
}

/** What only the room itself knows of its Workload. */
export type ServiceParts = Pick<Workload, "args" | "probe" | "stopGrace"> &
  Partial<
    Pick<
      Workload,
      | "env"
      | "entrypoint"
      | "endsByKill"
      | "configCheck"
      | "files"
      | "secretFiles"
      | "storage"
      | "beside"
      | "hostDirectories"
      | "perHost"
      | "readsPods"
      | "hostNameVariable"
      | "writable"
      | "dialledProbe"
      | "replicaNameVariable"
      | "replicaAddressVariable"
      | "front"
      | "eachDialled"
      | "linger"
      | "autoscale"
    >
  > & {
    reload: Workload["identities"][number]["reload"];
    liveFiles?: Workload["identities"][number]["liveFiles"];
  };

/** Listeners of a service that the host publishes, by the name of their port option. */
function publishedAt(
  config: StackConfig,
  service: ServiceName,
): Record<string, { bind: string; port: number }> {
  if (!isDialled(service)) return {};
  const { bind, ...ports } = config.ports[service];
  const published = Object.fromEntries(
    Object.entries(ports).map(([name, port]) => [name, { bind, port }]),
  );
  if (service !== "collector") return published;
  const { plaintext, jaeger, zipkin } = config.intake;
  const loopback = (port: number) => ({ bind: plaintext.bind, port });
  return {
    ...published,
    ...(plaintext.enabled && {
      plaintextGrpc: loopback(plaintext.otlpGrpc),
      plaintextHttp: loopback(plaintext.otlpHttp),
    }),
    ...(jaeger.enabled && {
      jaegerGrpc: loopback(jaeger.grpc),
      jaegerThriftHttp: loopback(jaeger.thriftHttp),
    }),
    ...(zipkin.enabled && { zipkin: loopback(zipkin.http) }),
  };
}

/** How a listener is reached by a public name, if the options ask for that. */
function routeTo(config: StackConfig, service: ServiceName, name: string): WorkloadPort["route"] {
  const route = routeOf(config.kubernetes.routes, service, name);
  const host = entranceOf(config, service, name)?.host;
  if (route === undefined || host === undefined) return undefined;
  const chain = route.ingress?.tls?.certificate;
  return {
    host,
    passThrough: listenersOf(service)[name].security === "mtls",
    ...(chain !== undefined && { certificate: { chain, key: ROUTE_KEY } }),
  };
}

/** What a collector is told on its command line, and how it checks that and the files it names. */
export const collectorArgs = (...args: string[]): Pick<Workload, "args" | "configCheck"> => ({
  args,
  configCheck: { args: ["validate", ...args] },
});

/**
 * Ports of a service that others dial.
 *
 * @param open its listeners that are open, as far as another has not taken them over.
 */
export function portsOf(
  { config, layout }: ServiceContext,
  service: ServiceName,
  open = openListeners(config, service),
): WorkloadPort[] {
  const published = publishedAt(config, service);
  return (
    Object.entries(open)
      // What a guard opens in its place is the guard's.
      .filter(([name, { reach }]) => reach === "network" && name !== GUARDED)
      .map(([name]) => ({
        name,
        number: layout.listen(name),
        publish: published[name],
        route: routeTo(config, service, name),
      }))
  );
}

/** The Workload of a service: what the tables say of it, and what its room adds. */
export function serviceWorkload(
  context: ServiceContext,
  service: ServiceName,
  { reload, liveFiles, ...parts }: ServiceParts,
): Workload {
  const { config, layout } = context;
  const replicas = replicaCount(config, service);
  return {
    name: service,
    image: imageOf(config, service),
    user: IMAGES[service].user,
    env: {},
    files: [],
    secretFiles: [],
    writable: [],
    identities: [
      { certificate: service, directory: layout.identity, reload, ...(liveFiles && { liveFiles }) },
    ],
    ports: portsOf(context, service),
    limits: limitsOf(config, service),
    ...(replicas > 1 && { replicas }),
    zones: zonesOf(config, service),
    connectsTo: dialledBy(config, service),
    ...edgesOf(config, service),
    ...parts,
  };
}
