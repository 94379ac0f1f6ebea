import { entranceOf } from "../../config/entrances";
import type { StackConfig } from "../../config/parse";
import type { ApplicationConfig } from "../../config/schema";
import { dialledName, isPerHost, SERVICES, type ServiceName } from "../../config/services";
import type { Edge } from "../../targets/workload";
import { scrapedPort } from "../application/scraped-port";
import { activeConnections, type Connection } from "./connections";
import { listenersOf } from "./listeners";
import { isOutside, outsideEdges } from "./outside";

const isService = (peer: string): peer is ServiceName =>
  (SERVICES as readonly string[]).includes(peer);

const workload = (name: string): Edge["peer"] => ({
  kind: "workload",
  name,
  ...(isService(name) && isPerHost(name) && { perHost: true }),
});

/** Where applications are scraped: only those that the stack runs are at a place that it knows. */
const scraped = ({ apps }: StackConfig): Edge[] =>
  apps.flatMap((app) => {
    const port = scrapedPort(app);
    return port === undefined ? [] : [{ peer: workload(app.name), port }];
  });

/** Where pods ask to be scraped, at ports that they name. */
const annotated = ({ kubernetes: { podMetrics } }: StackConfig): Edge[] =>
  podMetrics.namespaces.map((name) => ({ peer: { kind: "namespace", name } }));

/** What passes on the requests of those who dial from elsewhere. */
function entrancesOf(config: StackConfig, { to, listener }: Connection): Edge["peer"][] {
  const entrance = isService(to) && listener && entranceOf(config, dialledName(to), listener);
  if (!entrance) return [];
  const { namespaces, addresses } = entrance;
  return [{ kind: "entrance", namespaces, addresses }];
}

/** Who dials: applications that the stack runs are Workloads; the others are somewhere. */
function callersOf(config: StackConfig, connection: Connection): Edge["peer"][] {
  const { from } = connection;
  if (isService(from)) return [workload(from)];
  if (from === "applications") {
    const run = config.apps.filter(({ image }) => image !== undefined);
    return [
      { kind: "applications" },
      ...run.map(({ name }) => workload(name)),
      ...entrancesOf(config, connection),
    ];
  }
  // The operator comes in through the target's own way to a container, not over its networks.
  return from === "browser" ? [{ kind: "browsers" }, ...entrancesOf(config, connection)] : [];
}

const portOf = ({ to, listener }: Connection): Pick<Edge, "port"> =>
  isService(to) && listener !== undefined ? { port: listenersOf(to)[listener].port } : {};

function dialledIn(config: StackConfig, connection: Connection): Edge[] {
  const { from, to } = connection;
  if (isService(to)) return [{ peer: workload(to), ...portOf(connection) }];
  if (isOutside(to)) return outsideEdges(config, from, to);
  if (to === "cluster API") return [{ peer: { kind: "clusterApi" } }];
  return to === "annotated pods" ? annotated(config) : scraped(config);
}

/** Who queries: unlike who sends, each is let in by its name. */
const readerOf = ({ name, image, namespace }: ApplicationConfig): Edge["peer"] =>
  image === undefined
    ? { kind: "application", name, ...(namespace !== undefined && { namespace }) }
    : workload(name);

/** The connections of a service, from the connection table: those it makes and those made to it. */
export function edgesOf(
  config: StackConfig,
  service: ServiceName,
): { dials: Edge[]; dialledBy: Edge[] } {
  const active = activeConnections(config);
  const readers = config.apps
    .filter(({ reads }) => (reads as string[]).includes(service))
    .map((app) => ({ peer: readerOf(app), port: queryPort(service) }));
  return {
    dials: active
      .filter(({ from }) => from === service)
      .flatMap((connection) => dialledIn(config, connection)),
    dialledBy: [
      ...active
        .filter(({ to }) => to === service)
        .flatMap((connection) =>
          callersOf(config, connection).map((peer) => ({ peer, ...portOf(connection) })),
        ),
      ...readers,
    ],
  };
}

/** Port at which a service is queried by an application that `reads` it. */
const queryPort = (service: ServiceName): number => listenersOf(service).http.port;
