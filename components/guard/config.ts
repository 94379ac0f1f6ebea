import { imageOf, IMAGES } from "../../config/images";
import type { DialledService } from "../../config/services";
import { GUARDED } from "../stack/listeners";
import type { Workload } from "../../targets/workload";
import type { ServiceContext } from "../service";
import { guardName } from "./name";
import { GUARD_SCRIPT } from "./script";

const MI = 2 ** 20;

/** Percent of the volume that must become free again before a closed store is opened. */
const HYSTERESIS = 3;

/** Seconds between two looks at the volume. */
const PAUSE = 2;

/**
 * Bytes pass as they are, so that TLS and certificates stay between the collector and the store.
 *
 * @param listener where the store itself takes them.
 */
function proxyDocument({ layout }: ServiceContext, store: DialledService, listener: string) {
  return `# Hands connections on to ${store}. Keys: https://docs.haproxy.org/
global
  log stdout format raw daemon notice
  maxconn 512
  nbthread 1

defaults
  mode tcp
  log global
  timeout connect 5s
  # An exporter without anything to send keeps its connection.
  timeout client 1h
  timeout server 1h
  option clitcpka
  option srvtcpka

resolvers system
  parse-resolv-conf
  # A store that is replaced comes back with another address.
  hold valid 2s

listen ${store}
  bind ${layout.bind}:${layout.listen(GUARDED)}
  server ${store} ${layout.behind(listener)} resolvers system resolve-prefer ipv4 init-addr last,libc,none
`;
}

/**
 * The guard of a store whose answers are no proof that it has written: it takes what the collector
 * sends in the store's place, and nothing once the store's volume is nearly full.
 *
 * @param listener where the store itself takes what is sent.
 */
export function guardOf(
  context: ServiceContext,
  store: DialledService,
  listener: string,
): Workload {
  const { config, layout } = context;
  const script = `${layout.config}/guard.sh`;
  const proxy = `${layout.config}/guard.cfg`;
  const stop = Math.floor(config.guard.stopAt * 100);
  return {
    name: guardName(store),
    image: imageOf(config, "guard"),
    // The store's own: the directory is nobody else's to look into.
    user: IMAGES[store].user,
    entrypoint: ["/bin/sh"],
    args: [
      script,
      store,
      layout.data,
      String(stop),
      String(stop - HYSTERESIS),
      String(PAUSE),
      ...["haproxy", "-q", "-db", "-f", proxy],
    ],
    env: {},
    files: [
      { path: script, content: GUARD_SCRIPT },
      { path: proxy, content: proxyDocument(context, store, listener) },
    ],
    secretFiles: [],
    identities: [],
    ports: [{ name: GUARDED, number: layout.listen(GUARDED) }],
    writable: [],
    // Closed is well: what must not fail is the look at the volume.
    probe: { kind: "exec", command: ["/bin/sh", "-c", `df -P ${layout.data}`] },
    limits: { memory: 64 * MI, memoryReservation: 16 * MI, cpus: 0.5 },
    stopGrace: 10,
    zones: ["backplane"],
    connectsTo: [],
    dials: [],
    dialledBy: [],
  };
}
