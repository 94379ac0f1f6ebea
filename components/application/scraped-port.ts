import type { ApplicationConfig } from "../../config/schema";

/** Port at which Prometheus scrapes an application that the stack runs, if it does. */
export function scrapedPort({ name, image, scrape }: ApplicationConfig): number | undefined {
  if (image === undefined || scrape === undefined) return undefined;
  if (scrape.port !== undefined) return scrape.port;
  const [host, port] = scrape.target?.split(":") ?? [];
  return host === name ? Number(port) : undefined;
}
