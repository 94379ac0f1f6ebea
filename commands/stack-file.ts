import * as fs from "node:fs";
import * as path from "node:path";
import { parseDocument } from "yaml";
import { home, PROJECT } from "./paths";

/** What Pulumi writes into a stack file by itself, next to the user's own `config`. */
const WRITTEN_BY_PULUMI = ["secretsprovider", "encryptedkey", "encryptionsalt"] as const;

/** Names that Pulumi and a file name can both bear. */
const STACK_NAME = /^[A-Za-z0-9_.-]{1,100}$/;

/**
 * Path of `Pulumi.<stack>.yaml`: beside `Pulumi.yaml`, or, for a stack of one's own that git shall
 * not see, in `.tracekeep/`.
 *
 * @throws {Error} when there is none; names the stacks that there are.
 */
export function findStackFile(stack: string, places: readonly string[] = [PROJECT, home()]) {
  if (!STACK_NAME.test(stack)) {
    throw new Error(
      `"${stack}" is no name of a stack: letters, digits, "_", "." and "-" may stand in it.`,
    );
  }
  for (const place of places) {
    const file = path.join(place, `Pulumi.${stack}.yaml`);
    if (fs.existsSync(file)) return file;
  }
  const known = places
    .flatMap((place) => (fs.existsSync(place) ? fs.readdirSync(place) : []))
    .flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? [])
    .sort();
  throw new Error(
    `There is no stack "${stack}": Pulumi.${stack}.yaml is missing.\n` +
      `Stacks that there are: ${known.join(", ") || "none"}. ` +
      `For a new one, copy one of their files to Pulumi.${stack}.yaml.`,
  );
}

/**
 * The text of a user's copy of a stack file: the tracked file, plus what Pulumi wrote into the
 * earlier copy. What the tracked file says itself wins, for its ciphertexts belong to it.
 */
export function mergeStackFile(tracked: string, copy: string | undefined): string {
  const document = parseDocument(tracked);
  const ownEncryption = WRITTEN_BY_PULUMI.some((key) => document.has(key));
  if (copy === undefined || ownEncryption) return tracked;
  const earlier = parseDocument(copy);
  const kept = WRITTEN_BY_PULUMI.filter((key) => earlier.has(key));
  if (kept.length === 0) return tracked;
  const lines = kept.map((key) => `${key}: ${String(earlier.get(key))}\n`);
  return `${tracked.replace(/\n*$/, "\n")}${lines.join("")}`;
}

/**
 * Brings the user's copy of a stack file up to date, so that the tracked one is never written.
 *
 * @returns path of the copy, for `--config-file`.
 */
export function copyStackFile(stack: string): string {
  const source = findStackFile(stack);
  const directory = path.join(home(), "stacks");
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  const target = path.join(directory, path.basename(source));
  const earlier = fs.existsSync(target) ? fs.readFileSync(target, "utf8") : undefined;
  const text = mergeStackFile(fs.readFileSync(source, "utf8"), earlier);
  if (text !== earlier) fs.writeFileSync(target, text, { mode: 0o600 });
  return target;
}
