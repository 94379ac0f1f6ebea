import { CONNECTIONS } from "../../../components/stack/connections";
import { LISTENERS, type Listener } from "../../../components/stack/listeners";
import type { Part, RuleTarget, Subject } from "../../rule";
import { attempt, known } from "../../unknown";
import { runningOf } from "../container";
import { at, contentOf, documentsOf, group, isNode, type Document } from "../document";
import { containerListeners } from "./command-line";
import type { OpenedListener } from "./listener";
import { collectorListeners } from "./otlp";
import { qdrantListeners } from "./qdrant";
import { serverListeners } from "./server-block";
import { webListeners } from "./web-config";

/**
 * The kinds of documents that open listeners, by what they have and others do not: a new service of
 * one of these families is read without being named here.
 */
const FAMILIES: readonly (readonly [
  has: (content: unknown) => boolean,
  read: (content: unknown) => OpenedListener[],
])[] = [
  [(content) => isNode(at(content, "service", "pipelines")), collectorListeners],
  [(content) => isNode(at(content, "server")), serverListeners],
  [(content) => isNode(at(content, "tls_server_config")), webListeners],
  [(content) => at(content, "service", "http_port") !== undefined, qdrantListeners],
];

function opened(document: Document): OpenedListener[] {
  const content = contentOf(document);
  return FAMILIES.find(([has]) => has(content))?.[1](group(content)) ?? [];
}

/** A row of the connection table. */
export interface Row extends Listener {
  /** `collector.otlpGrpc`. */
  name: string;
}

/** The rows of the table for a service; none for what it does not know. */
export const rowsOf = (service: string | undefined): Row[] =>
  Object.entries(
    (LISTENERS as Partial<Record<string, Record<string, Listener>>>)[service ?? ""] ?? {},
  ).map(([name, listener]) => ({ ...listener, name: `${service}.${name}` }));

/** The row of a port; undefined where the table has none. */
export const rowAt = (service: string | undefined, port: number): Row | undefined =>
  rowsOf(service).find((row) => row.port === port);

/** Rows that somebody outside of the stack dials: applications and browsers. */
export const DIALLED_FROM_OUTSIDE: readonly string[] = [
  ...new Set(
    CONNECTIONS.filter(({ from }) => from === "applications" || from === "browser").map(
      ({ to, listener }) => `${to}.${listener}`,
    ),
  ),
];

/** A listener that is opened, beside its row. */
export interface ListenerPart extends Part {
  target: RuleTarget;
  service: string | undefined;
  opened: OpenedListener;
  row: Row | undefined;
}

/** A file without the port, which is on the command line, is about the one that is dialled. */
function rowOf(service: string | undefined, { port }: OpenedListener): Row | undefined {
  if (port !== undefined) return rowAt(service, port);
  return rowsOf(service).find(({ reach }) => reach === "network");
}

/** Every listener that a resource opens: in files, on a command line, by environment variables. */
export function listenersOf(subject: Subject): ListenerPart[] {
  const part = (
    owner: Omit<ListenerPart, "opened" | "row">,
    listener: OpenedListener,
  ): ListenerPart => ({
    where: `${owner.where}, ${listener.name}`,
    target: owner.target,
    get service() {
      return owner.service;
    },
    opened: listener,
    get row() {
      return rowOf(owner.service, listener);
    },
  });
  return [
    ...documentsOf(subject).flatMap((document) =>
      known(attempt(() => opened(document))).map((listener) => part(document, listener)),
    ),
    ...runningOf(subject).flatMap((container) =>
      containerListeners(container).map((listener) => part(container, listener)),
    ),
  ];
}
