import { entranceOf } from "../config/entrances";
import type { StackConfig } from "../config/parse";

/** Services with pages, and the option of the port that they are published at. */
const PAGES = { prometheus: "http", alertmanager: "http", grafana: "https" } as const;

/**
 * Address of a service's pages as a browser knows it: where its way in is, else where the host
 * publishes it, by its first public host name or as localhost.
 */
export function publicUrl(config: StackConfig, service: keyof typeof PAGES): string {
  const ports: Record<string, unknown> = config.ports[service];
  const entrance = entranceOf(config, service, PAGES[service]);
  const host = entrance?.host ?? config.hostNames[service][0] ?? "localhost";
  const port = entrance?.port ?? ports[PAGES[service]];
  return `https://${host}${port === 443 ? "" : `:${String(port)}`}/`;
}
