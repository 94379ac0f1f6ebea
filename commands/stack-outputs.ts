import { z } from "zod";
import {
  verificationTargetSchema,
  type VerificationTarget,
} from "../components/verification/target";
import type { Generations } from "../components/pki/generations";
import { stackOutputs } from "./pulumi";

const pair = z.object({ certificate: z.string(), key: z.string() });

const outputsSchema = z.object({
  endpoints: z.record(z.string(), z.record(z.string(), z.string())),
  applications: z.record(
    z.string(),
    pair.extend({ reader: pair.optional(), qdrantApiKey: z.string().optional() }),
  ),
  operator: pair.extend({ root: z.string() }),
});

export type StackOutputs = z.output<typeof outputsSchema>;

async function read<T>(stack: string, schema: z.ZodType<T>, pick?: string): Promise<T> {
  const outputs = await stackOutputs(stack, { showSecrets: true });
  const result = schema.safeParse(pick === undefined ? outputs : outputs[pick]);
  if (result.success) return result.data;
  // What was found is never repeated: keys stand in it.
  const paths = result.error.issues.map(({ path }) => path.join(".")).join(", ");
  throw new Error(
    Object.keys(outputs).length === 0
      ? `Stack "${stack}" is not up. Start it with: npm run up -- --stack ${stack}`
      : `The outputs of stack "${stack}" are not those of this version (${paths}). Run: npm run up -- --stack ${stack}`,
  );
}

/** Addresses, certificates and keys of a deployed stack. @throws {Error} if it is not deployed. */
export const readOutputs = (stack: string): Promise<StackOutputs> => read(stack, outputsSchema);

/** What the verification needs of a deployed stack. @throws {Error} if it is not deployed. */
export const readVerificationTarget = (stack: string): Promise<VerificationTarget> =>
  read(stack, verificationTargetSchema, "verification");

const generationsSchema = z.object({ generation: z.number(), alsoTrusted: z.number().optional() });

/** The CAs that a deployed stack trusts; undefined if it is not deployed. */
export async function deployedGenerations(stack: string): Promise<Generations | undefined> {
  const outputs = await stackOutputs(stack);
  if (Object.keys(outputs).length === 0) return undefined;
  // What was deployed before there was a rotation has its first CA.
  return generationsSchema.parse(outputs.generations ?? { generation: 1 });
}
