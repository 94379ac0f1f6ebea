import type { StackConfig } from "../config/parse";

/** Services with pages, and the option of the port that they are published at. */
const PAGES = { prometheus: "http", alertmanager: "http", grafana: "https" } as const;

/** Address of a service's pages as a browser knows it: its first public host name, else localhost. */
export function publicUrl(config: StackConfig, service: keyof typeof PAGES): string {
  const ports: Record<string, unknown> = config.ports[service];
  const host = config.hostNames[service][0] ?? "localhost";
  return `https://${host}:${String(ports[PAGES[service]])}/`;
}
