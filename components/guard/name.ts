import type { ServiceName } from "../../config/services";

/** Name of the guard of a store: its container's, and on Docker its host name. */
export const guardName = (store: ServiceName): string => `${store}-guard`;
