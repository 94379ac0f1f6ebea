import type { Rule } from "../rule";
import * as certificates from "./certificates";
import * as cluster from "./cluster";
import * as configuration from "./configuration";
import * as data from "./data";
import * as images from "./images";
import * as lifecycle from "./lifecycle";
import * as network from "./network";
import * as observability from "./observability";
import * as pods from "./pods";
import * as privileges from "./privileges";
import * as routes from "./routes";
import * as secrets from "./secrets";

const rulesOf = (file: Readonly<Record<string, Rule>>): Rule[] =>
  // A module's own order is not the same under every loader.
  Object.values(file).sort((a, b) => (a.name < b.name ? -1 : 1));

/** The rules by area: every constant that a file exports is one. */
export const AREAS: Readonly<Record<string, readonly Rule[]>> = {
  Images: rulesOf(images),
  Privileges: rulesOf(privileges),
  "Limits and life": rulesOf(lifecycle),
  Network: rulesOf({ ...network, ...routes }),
  Pods: rulesOf(pods),
  "Network policies and budgets": rulesOf(cluster),
  Certificates: rulesOf(certificates),
  "Configuration files": rulesOf(configuration),
  Secrets: rulesOf(secrets),
  Data: rulesOf(data),
  Observability: rulesOf(observability),
};

export const RULES: readonly Rule[] = Object.values(AREAS).flat();
