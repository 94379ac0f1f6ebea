import type { StackConfig } from "../../config/parse";
import type { ApplicationConfig } from "../../config/schema";

/** Whether pods of an application may ask to be scraped, which they then answer under its name. */
export const isAnnotated = (
  { kubernetes: { podMetrics } }: StackConfig,
  { image, namespace }: ApplicationConfig,
): boolean =>
  image === undefined && namespace !== undefined && podMetrics.namespaces.includes(namespace);
