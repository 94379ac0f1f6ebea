import { z } from "zod";
import { runPulumi } from "./pulumi";

const properties = z.record(z.string(), z.unknown());

const resourceSchema = z.looseObject({
  urn: z.string(),
  type: z.string(),
  id: z.string().optional(),
  inputs: properties.optional(),
  outputs: properties.optional(),
  /** What went wrong after it was there: with Docker it may never have been started. */
  initErrors: z.array(z.string()).optional(),
});

/** A stack's state as Pulumi exports it. What is not named here is kept, for it may be imported again. */
export const stateSchema = z.looseObject({
  version: z.number(),
  deployment: z.looseObject({
    resources: z
      .array(resourceSchema)
      .nullish()
      .transform((resources) => resources ?? []),
    pending_operations: z
      .array(z.looseObject({ type: z.string(), resource: resourceSchema }))
      .nullish(),
  }),
});
export type State = z.output<typeof stateSchema>;

/**
 * The state of a stack as the engine has it.
 *
 * @param showSecrets whether its secrets are in clear. Default: they stay encrypted.
 * @throws {Error} where it cannot be read; why stands above it.
 */
export async function exportState(stack: string, { showSecrets = false } = {}): Promise<State> {
  const args = ["stack", "export", ...(showSecrets ? ["--show-secrets"] : [])];
  const { code, stdout } = await runPulumi(stack, args, { capture: true });
  if (code !== 0) throw new Error(`The state of stack "${stack}" could not be read; see above.`);
  return stateSchema.parse(JSON.parse(stdout));
}
