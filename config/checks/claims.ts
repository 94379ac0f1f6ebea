import { claimNeeds } from "../claims";
import type { Problem } from "../parse";
import { sizeText } from "../units";
import type { Check } from "./check";

const GI = 2 ** 30;

/** No volume is smaller than what a file system takes for itself. */
const LEAST = 2 ** 26;

/** A claim holds what the options let its service keep, with a tenth of room. */
export const claimsHold: Check = (config) => {
  const { volumes } = config.kubernetes;
  const needs = claimNeeds(config);
  return Object.entries(volumes).flatMap(([service, size]): Problem[] => {
    const path = `kubernetes.volumes.${service}`;
    const need = needs[service as keyof typeof needs];
    const least = need === undefined ? 0 : Math.ceil((need.bytes + need.bytes / 10) / GI) * GI;
    if (size < least) {
      const why = `for ${need?.follows}, and a tenth of room`;
      return [
        { path, message: `expected at least ${sizeText(least)}, ${why}; got ${sizeText(size)}` },
      ];
    }
    if (size >= LEAST) return [];
    return [{ path, message: `expected at least ${sizeText(LEAST)}, got ${sizeText(size)}` }];
  });
};
