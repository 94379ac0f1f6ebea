import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../../config/parse";
import { lockComplaint } from "./unlocked-images";

/**
 * Lets Pulumi make nothing of a stack that takes locked images only, where some are not; a preview
 * is warned and goes on.
 *
 * @throws {pulumi.RunError} with each image; Pulumi prints it without a stack trace.
 */
export function requireLocked(config: StackConfig): void {
  const complaint = lockComplaint(config);
  if (complaint === undefined) return;
  if (!pulumi.runtime.isDryRun()) throw new pulumi.RunError(complaint);
  void pulumi.log.warn(`${complaint}\n\`up\` would refuse them.`);
}
