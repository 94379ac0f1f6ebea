import type { StackConfig } from "../../config/parse";
import { SERVICES, type ServiceName } from "../../config/services";
import type { Edge } from "../../targets/workload";
import { activeConnections, listenersOf, type Connection } from "./connections";

type Peer = Connection["from"];

const isService = (peer: Peer): peer is ServiceName =>
  (SERVICES as readonly string[]).includes(peer);

const workload = (name: string): Edge["peer"] => ({ kind: "workload", name });

/** Applications that the stack runs are Workloads; the others are somewhere. */
function peersOf({ apps }: StackConfig, peer: Peer): Edge["peer"][] {
  if (isService(peer)) return [workload(peer)];
  if (peer === "applications") {
    const run = apps.filter(({ image }) => image !== undefined);
    return [{ kind: "applications" }, ...run.map(({ name }) => workload(name))];
  }
  if (peer === "browser") return [{ kind: "browsers" }];
  // Comes in through the target's own way to a container, not over its networks.
  return peer === "operator" ? [] : [{ kind: "outside" }];
}

const portOf = ({ to, listener }: Connection): Pick<Edge, "port"> =>
  isService(to) && listener !== undefined ? { port: listenersOf(to)[listener].port } : {};

/** The connections of a service, from the connection table: those it makes and those made to it. */
export function edgesOf(
  config: StackConfig,
  service: ServiceName,
): { dials: Edge[]; dialledBy: Edge[] } {
  const active = activeConnections(config);
  const edges = (connections: Connection[], end: "from" | "to") =>
    connections.flatMap((connection) =>
      peersOf(config, connection[end]).map((peer) => ({ peer, ...portOf(connection) })),
    );
  const readers = config.apps
    .filter(({ image, reads }) => image !== undefined && (reads as string[]).includes(service))
    .map(({ name }) => ({ peer: workload(name), port: queryPort(service) }));
  return {
    dials: edges(
      active.filter(({ from }) => from === service),
      "to",
    ),
    dialledBy: [
      ...edges(
        active.filter(({ to }) => to === service),
        "from",
      ),
      ...readers,
    ],
  };
}

/** Port at which a service is queried by an application that `reads` it. */
const queryPort = (service: ServiceName): number => listenersOf(service).http.port;
