import type { Case } from "./case";
import { CERTIFICATES, IMAGES } from "./certificates";
import { CONFIGURATION } from "./configuration";
import { LIFECYCLE, PRIVILEGES } from "./containers";
import { CLUSTER, NETWORK, PODS, ROUTES } from "./network";
import { DATA, OBSERVABILITY } from "./observability";
import { SECRETS } from "./secrets";

/** A case for every rule. */
export const CASES: readonly Case[] = [
  ...IMAGES,
  ...PRIVILEGES,
  ...LIFECYCLE,
  ...NETWORK,
  ...ROUTES,
  ...PODS,
  ...CLUSTER,
  ...CERTIFICATES,
  ...CONFIGURATION,
  ...SECRETS,
  ...DATA,
  ...OBSERVABILITY,
];
