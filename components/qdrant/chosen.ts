import { ENVIRONMENT_LABEL } from "../prometheus/metric-names";

/** Any Qdrant that is scraped, the stack's own and those of `scrapeTargets`. */
export const CHOSEN = `job=~"$service", ${ENVIRONMENT_LABEL}=~"$environment"`;
export const ofAll = (metric: string) => `${metric}{${CHOSEN}}`;
/** Most series name their collection `id`, those of vectors `collection`. */
export const ofCollections = (metric: string, label = "id") =>
  `${metric}{${CHOSEN}, ${label}=~"$collection"}`;
