import type { StackConfig } from "../config/parse";
import { dockerTarget } from "./docker";
import { kubernetesTarget } from "./kubernetes";
import type { Target } from "./target";

/** What a stack can be deployed to: the one place that knows. */
const TARGETS: Readonly<Record<StackConfig["target"], (config: StackConfig) => Target>> = {
  docker: dockerTarget,
  kubernetes: kubernetesTarget,
};

export const targetOf = (config: StackConfig): Target => TARGETS[config.target](config);
