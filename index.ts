import { ObservabilityStack } from "./components/stack/observability-stack";
import {
  applicationsOutput,
  generationsOutput,
  operatorOutput,
  publishedEndpoints,
  verificationOutput,
} from "./components/stack/outputs";
import { requireLocked } from "./components/stack/require-locked";
import { loadConfig } from "./config/load";
import { targetOf } from "./targets";

const config = loadConfig();
requireLocked(config);
const stack = new ObservabilityStack("tracekeep", { config, target: targetOf(config) });

/** `host:port` of what the host publishes, by service and listener. */
export const endpoints = publishedEndpoints(stack.endpoints);
/** What the verification needs; a secret. */
export const verification = verificationOutput(config, stack);
/** Certificates and keys of the applications; a secret. */
export const applications = applicationsOutput(config, stack);
/** The operator's certificate and key; a secret. */
export const operator = operatorOutput(stack);
/** Which CAs are trusted, and which signs. */
export const generations = generationsOutput(config);
