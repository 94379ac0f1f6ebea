import * as pulumi from "@pulumi/pulumi";
import { ObservabilityStack } from "./components/stack/observability-stack";
import {
  applicationsOutput,
  operatorOutput,
  publishedEndpoints,
  verificationOutput,
} from "./components/stack/outputs";
import { lockComplaint } from "./components/stack/unlocked-images";
import { loadConfig } from "./config/load";
import { targetOf } from "./targets";

const config = loadConfig();
const complaint = lockComplaint(config);
if (complaint !== undefined) {
  if (!pulumi.runtime.isDryRun()) throw new pulumi.RunError(complaint);
  void pulumi.log.warn(`${complaint}\n\`up\` would refuse them.`);
}
const stack = new ObservabilityStack("tracekeep", { config, target: targetOf(config) });

/** `host:port` of what the host publishes, by service and listener. */
export const endpoints = publishedEndpoints(stack.endpoints);
/** What the verification needs; a secret. */
export const verification = verificationOutput(config, stack);
/** Certificates and keys of the applications; a secret. */
export const applications = applicationsOutput(config, stack);
/** The operator's certificate and key; a secret. */
export const operator = operatorOutput(stack);
