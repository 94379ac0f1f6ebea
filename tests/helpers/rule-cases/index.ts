import { applications } from "./applications";
import { collector } from "./collector";
import { gateway } from "./gateway";
import { host } from "./host";
import { loki } from "./loki";
import { others } from "./others";
import { prometheus } from "./prometheus";
import { space } from "./space";
import { tempo } from "./tempo";
import type { RuleCases } from "./situations";

export type { Situation } from "./situations";

/** For each rule, by `ruleId`: what makes it fire, and what is close to it and does not. */
export const RULE_CASES: Readonly<Record<string, RuleCases>> = {
  ...applications,
  ...collector,
  ...gateway,
  ...tempo,
  ...loki,
  ...prometheus,
  ...host,
  ...space,
  ...others,
};
