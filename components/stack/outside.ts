import { namespaceOf } from "../../config/addresses";
import type { StackConfig } from "../../config/parse";
import type { Secret } from "../../config/secret";
import { UNREADABLE } from "../../config/types";
import type { Edge, Purpose } from "../../targets/workload";
import { scrapedPort } from "../application/scraped-port";
import type { Connection, Outsider } from "./connections";

/** Where somebody outside is dialled; what is left out is not known. */
type Place = Pick<Edge, "port"> & { host?: string };

const ofHostPort = (text: string): Place => {
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
};

const ofUrl = (text: string): Place => {
  const { hostname, port, protocol } = new URL(text);
  return {
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? (protocol === "http:" ? 80 : 443) : Number(port),
  };
};

/**
 * Of an address that is a secret no more is told than who must be let out needs: the port, and a
 * name inside of the cluster. A rendering without the passphrase knows not even that.
 */
function ofSecretUrl(url: Secret): Place {
  if (url.reveal() === UNREADABLE) return {};
  const { host = "", port } = ofUrl(url.reveal());
  return { port, ...(namespaceOf(host) !== undefined && { host }) };
}

function objectStorage({ storage }: StackConfig, service: Connection["from"]): Place[] {
  const { endpoint, bucket, forcePathStyle } = storage[service as keyof typeof storage];
  if (endpoint === undefined) return [];
  return [ofHostPort(forcePathStyle ? endpoint : `${bucket}.${endpoint}`)];
}

type Dialled = Exclude<
  Outsider,
  "applications" | "legacy applications" | "operator" | "browser" | "annotated pods" | "cluster API"
>;

/** What each outsider is dialled for, and where, by the options. */
const PLACES: Record<
  Dialled,
  { purpose: Purpose; places: (config: StackConfig, from: Connection["from"]) => Place[] }
> = {
  S3: { purpose: "objectStorage", places: objectStorage },
  "alert receivers": {
    purpose: "alertReceivers",
    places: ({ alerts: { receivers, deadMansSwitch } }) =>
      [...receivers, ...(deadMansSwitch ? [deadMansSwitch] : [])].map(({ url }) =>
        ofSecretUrl(url),
      ),
  },
  "identity provider": {
    purpose: "identityProvider",
    // The third endpoint is the browser's to dial.
    places: ({ grafana: { oidc } }) => (oidc ? [ofUrl(oidc.tokenUrl), ofUrl(oidc.apiUrl)] : []),
  },
  database: {
    purpose: "database",
    places: ({ grafana: { database } }) => (database ? [ofHostPort(database.host)] : []),
  },
  "extra receivers": {
    purpose: "extraReceivers",
    places: ({ extraReceivers }) => extraReceivers.map(({ endpoint }) => ofHostPort(endpoint)),
  },
  "scrape targets": {
    purpose: "scrapeTargets",
    places: ({ scrapeTargets, apps }) =>
      [
        ...scrapeTargets.flatMap(({ targets }) => targets),
        ...apps.flatMap((app) => (scrapedPort(app) === undefined && app.scrape?.target) || []),
      ].map(ofHostPort),
  },
};

/** Whether a peer is somebody outside whom a service dials. */
export const isOutside = (peer: Connection["to"]): peer is Dialled => peer in PLACES;

/** The edges from a service to somebody outside. */
export function outsideEdges(config: StackConfig, from: Connection["from"], to: Dialled): Edge[] {
  const { purpose, places } = PLACES[to];
  return places(config, from).map(({ host, port }) => ({
    peer: { kind: "outside", purpose, ...(host !== undefined && { host }) },
    ...(port !== undefined && { port }),
  }));
}
