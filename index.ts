import { ObservabilityStack } from "./components/stack/observability-stack";
import {
  applicationsOutput,
  operatorOutput,
  publishedEndpoints,
  verificationOutput,
} from "./components/stack/outputs";
import { loadConfig } from "./config/load";
import type { StackConfig } from "./config/parse";
import { dockerTarget } from "./targets/docker";
import { kubernetesTarget } from "./targets/kubernetes";
import type { Target } from "./targets/target";

/** What the stack can be deployed to: the one place that knows. */
const TARGETS: Record<StackConfig["target"], (config: StackConfig) => Target> = {
  docker: dockerTarget,
  kubernetes: kubernetesTarget,
};

const config = loadConfig();
const stack = new ObservabilityStack("tracekeep", {
  config,
  target: TARGETS[config.target](config),
});

/** `host:port` of what the host publishes, by service and listener. */
export const endpoints = publishedEndpoints(stack.endpoints);
/** What the verification needs; a secret. */
export const verification = verificationOutput(config, stack);
/** Certificates and keys of the applications; a secret. */
export const applications = applicationsOutput(config, stack);
/** The operator's certificate and key; a secret. */
export const operator = operatorOutput(stack);
