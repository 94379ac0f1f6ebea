import { at, group, isNode, list, textOf, type Node } from "../document";
import { addressOf, type OpenedListener } from "./listener";

/**
 * Listeners below a part of a document in the collector's words: every `endpoint` with what its `tls`
 * says. Keys: config/configtls and config/confignet of the collector.
 */
export function endpointsBelow(node: unknown, name: string): OpenedListener[] {
  if (Array.isArray(node)) {
    return node.flatMap((one, index) => endpointsBelow(one, `${name}[${index}]`));
  }
  if (!isNode(node)) return [];
  const own = typeof node.endpoint === "string" ? [listener(node, name, node.endpoint)] : [];
  const below = Object.entries(node).flatMap(([key, one]) => endpointsBelow(one, `${name}.${key}`));
  return [...own, ...below];
}

function listener(node: Node, name: string, endpoint: string): OpenedListener {
  const tls = isNode(node.tls) ? node.tls : undefined;
  const served = tls?.cert_file !== undefined && tls.key_file !== undefined;
  return {
    name,
    ...addressOf(endpoint),
    security: !served ? "plaintext" : tls.client_ca_file === undefined ? "tls" : "mtls",
    modern: served ? ["1.2", "1.3"].includes(textOf(tls.min_version)) : undefined,
  };
}

const ownMetrics = (content: unknown): OpenedListener[] =>
  list(content, "service", "telemetry", "metrics", "readers").flatMap((reader, index) => {
    const prometheus = at(reader, "pull", "exporter", "prometheus");
    if (!isNode(prometheus)) return [];
    const { host = "localhost", port = 9464 } = prometheus as { host?: string; port?: number };
    return [
      {
        name: `service.telemetry.metrics.readers[${index}]`,
        ...addressOf(`${host}:${port}`),
        security: "plaintext" as const,
        modern: undefined,
      },
    ];
  });

/** Listeners of a document of the collector's family: receivers, extensions, what waits for scrapes. */
export function collectorListeners(content: unknown): OpenedListener[] {
  const scraped = Object.entries(group(content, "exporters")).filter(([id]) =>
    /^prometheus(\/|$)/.test(id),
  );
  return [
    ...endpointsBelow(group(content, "receivers"), "receivers"),
    ...endpointsBelow(group(content, "extensions"), "extensions"),
    ...endpointsBelow(Object.fromEntries(scraped), "exporters"),
    ...ownMetrics(content),
  ];
}
