import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { exportState, stateSchema, type State } from "../exported-state";
import { home } from "../paths";
import { writePrivate } from "../private-files";
import { generatesPassphrase, passphraseFile, runPulumi } from "../pulumi";
import { copyStackFile, findStackFile } from "../stack-file";

const bundleSchema = z.strictObject({
  /** The exported stack, secrets in clear. */
  state: stateSchema,
  /** The stack's file. */
  stackFile: z.string(),
  /** The user's copy of it, with what Pulumi wrote there: the salt of the encrypted options. */
  copy: z.string(),
  /** The generated passphrase of the state. Missing where the user brings their own. */
  passphrase: z.string().optional(),
});

export type Bundle = z.output<typeof bundleSchema>;

/**
 * All that a stack is besides its volumes: CA, keys and generated passwords, options, and the
 * passphrase of the encrypted ones.
 *
 * @throws {Error} if it is not deployed.
 */
export async function bundleOf(stack: string): Promise<Buffer> {
  const state = await exportState(stack, { showSecrets: true });
  if (state.deployment.resources.length === 0) {
    throw new Error(`The stack "${stack}" is not deployed: there is nothing to back up.`);
  }
  const generated = generatesPassphrase(process.env);
  const bundle: Bundle = {
    state,
    stackFile: fs.readFileSync(findStackFile(stack), "utf8"),
    copy: fs.readFileSync(copyStackFile(stack), "utf8"),
    ...(generated && { passphrase: fs.readFileSync(passphraseFile(home()), "utf8") }),
  };
  return Buffer.from(JSON.stringify(bundle));
}

/** @throws {Error} that repeats nothing of what it read. */
export function parseBundle(text: string): Bundle {
  const result = bundleSchema.safeParse(JSON.parse(text));
  if (result.success) return result.data;
  throw new Error("The backup's state is not one that this version can read.");
}

/** What is nowhere but in the state: keys, certificates, passwords, and what they hang on. */
const STAYS = /^(tls:|random:|pulumi:|tracekeep:)/;

/**
 * A state that knows of no container, volume or object: an empty host has none of them, and `up`
 * makes them anew around the same CA and passwords.
 */
export function withoutThings({ version, deployment }: State): State {
  const kept = deployment.resources.filter(({ type }) => STAYS.test(type));
  const urns = new Set(kept.map(({ urn }) => urn));
  const known = (list: unknown) =>
    Array.isArray(list) ? list.filter((urn) => urns.has(urn as string)) : undefined;
  const resources = kept.map((resource) => {
    const by = (resource.propertyDependencies ?? {}) as Record<string, unknown>;
    return {
      ...resource,
      dependencies: known(resource.dependencies),
      propertyDependencies: Object.fromEntries(
        Object.entries(by).map(([property, list]) => [property, known(list)]),
      ),
    };
  });
  // Neither what was under way, nor by what the secrets were encrypted: they are in clear.
  const { manifest, metadata } = deployment;
  return { version, deployment: { manifest, metadata, resources } };
}

/**
 * Puts back what a fresh machine lacks: the stack's file, and the passphrase.
 *
 * @returns what it wrote.
 * @throws {Error} if the options are encrypted under a passphrase that is not this machine's.
 */
export function restoreFiles(stack: string, bundle: Bundle): string[] {
  const name = `Pulumi.${stack}.yaml`;
  const written = generatesPassphrase(process.env) ? restorePassphrase(name, bundle) : [];
  try {
    findStackFile(stack);
  } catch {
    written.push(writePrivate(home(), { [name]: bundle.stackFile })[name]);
  }
  return written;
}

const ENCRYPTED_OPTION = /^\s*(- )?(\S+:\s*)?\{?\s*secure:/m;

function restorePassphrase(name: string, { stackFile, copy, passphrase }: Bundle): string[] {
  if (passphrase === undefined) return [];
  const file = passphraseFile(home());
  const written: string[] = [];
  if (!fs.existsSync(file)) {
    written.push(...Object.values(writePrivate(home(), { [path.basename(file)]: passphrase })));
  }
  if (fs.readFileSync(file, "utf8") === passphrase) {
    const copies = path.join(home(), "stacks");
    if (!fs.existsSync(path.join(copies, name))) writePrivate(copies, { [name]: copy });
  } else if (ENCRYPTED_OPTION.test(stackFile)) {
    throw new Error(
      `The options of the stack are encrypted under another passphrase than this machine's ${file}. ` +
        "Restore with a TRACEKEEP_HOME of its own, which takes the backup's. Nothing was changed.",
    );
  }
  return written;
}

/**
 * Makes a state the stack's own. It never lies on the disk in clear: Pulumi encrypts it under what the
 * stack has now, which need not be what the backup's was encrypted under.
 */
export async function importState(stack: string, state: State): Promise<void> {
  // Without it the engine has nothing to encrypt by, and crashes; with another's it refuses.
  const { secrets_providers } = (await exportState(stack, { showSecrets: true })).deployment;
  const input = JSON.stringify({
    ...state,
    deployment: { ...state.deployment, secrets_providers },
  });
  const { code } = await runPulumi(stack, ["stack", "import"], { capture: true, input });
  if (code !== 0) throw new Error(`Pulumi did not take the state of "${stack}"; see above.`);
}
