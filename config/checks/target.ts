import type { Problem, StackConfig } from "../parse";
import { stackSchema } from "../schema";
import type { Check } from "./check";

/** Groups of which a target takes no notice, and why. */
const WITHOUT_MEANING: Record<
  StackConfig["target"],
  readonly (readonly [group: "docker" | "kubernetes", why: string])[]
> = {
  docker: [["kubernetes", "has a meaning only with target: kubernetes"]],
  kubernetes: [["docker", "has a meaning only with target: docker"]],
};

/**
 * Nothing is said of another target: who names a cluster and leaves out `target` would deploy to
 * this machine. What is as it is by default may stand there.
 */
export const otherTargets: Check = (config) =>
  WITHOUT_MEANING[config.target].flatMap(([group, message]): Problem[] => {
    const defaults = stackSchema.shape[group].parse(undefined) as Record<string, unknown>;
    return Object.entries(config[group])
      .filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(defaults[key]))
      .map(([key]) => ({ path: `${group}.${key}`, message }));
  });
