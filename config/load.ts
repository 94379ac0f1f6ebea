import * as pulumi from "@pulumi/pulumi";
import { readLock } from "./images-lock-file";
import { parseConfig, type StackConfig } from "./parse";

/** A configuration value as the engine hands it over: JSON where it is structured, else a text. */
function decode(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/**
 * The configuration of the stack that Pulumi is running, checked whole before any resource exists.
 *
 * @throws {pulumi.RunError} with every problem; Pulumi prints it without a stack trace.
 */
export function loadConfig(): StackConfig {
  const prefix = `${pulumi.getProject()}:`;
  const raw = Object.fromEntries(
    Object.entries(pulumi.runtime.allConfig())
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), decode(value)]),
  );
  try {
    return parseConfig(raw, {
      stack: pulumi.getStack(),
      environment: process.env,
      imagesLock: readLock(),
    });
  } catch (error) {
    throw new pulumi.RunError((error as Error).message);
  }
}
