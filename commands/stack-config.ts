import * as fs from "node:fs";
import { parse } from "yaml";
import { readLock } from "../config/images-lock-file";
import { secretOptions } from "../config/options";
import { isTooDeep, parseConfig, type StackConfig } from "../config/parse";
import { Secret } from "../config/secret";
import { UNREADABLE } from "../config/types";
import { findStackFile } from "./stack-file";

const PREFIX = "tracekeep:";

/** Ciphertexts become placeholders: only the engine has the key. */
function withPlaceholders(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withPlaceholders);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  if (entries.length === 1 && entries[0][0] === "secure" && typeof entries[0][1] === "string") {
    return new Secret(UNREADABLE);
  }
  return Object.fromEntries(entries.map(([key, member]) => [key, withPlaceholders(member)]));
}

/**
 * The raw options of a stack file's text, as the schema takes them.
 *
 * @throws {Error} when it is no YAML that options can stand in, or has no `config` map.
 */
export function rawOptions(text: string, file: string): Record<string, unknown> {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    throw new Error(`${file} is no YAML that can be read:\n${(error as Error).message}`);
  }
  if (document !== null && (typeof document !== "object" || Array.isArray(document))) {
    throw new Error(`${file}: expected a map, with the options under "config:".`);
  }
  if (isTooDeep(document)) {
    throw new Error(`${file}: groups or lists stand in one another too often, or in themselves.`);
  }
  const config = (document as { config?: unknown } | null)?.config ?? {};
  if (typeof config !== "object" || Array.isArray(config)) {
    throw new Error(`${file}: expected a map of options under "config:".`);
  }
  return Object.fromEntries(
    Object.entries(config)
      // Like Pulumi, which takes a key without a namespace for the project's own.
      .filter(([key]) => key.startsWith(PREFIX) || !key.includes(":"))
      .map(([key, value]) => [key.replace(PREFIX, ""), withPlaceholders(value)]),
  );
}

/** What stands at an option's path, by its path there: in a list, of every entry. */
function valuesAt(value: unknown, parts: readonly string[], path = ""): [string, unknown][] {
  const [part, ...rest] = parts;
  if (part === undefined) return [[path, value]];
  const [, name, list] = /^(\w+)(\[\])?$/.exec(part) ?? [];
  const member = (value as Record<string, unknown> | null | undefined)?.[name];
  const place = path === "" ? name : `${path}.${name}`;
  if (list === undefined) return valuesAt(member, rest, place);
  const entries: unknown[] = Array.isArray(member) ? member : [];
  return entries.flatMap((entry, index) => valuesAt(entry, rest, `${place}[${index}]`));
}

/** Paths of secret options whose value stands in the file in clear. */
export function secretsInClear(raw: unknown): string[] {
  return secretOptions()
    .flatMap((option) => valuesAt(raw, option.split(".")))
    .flatMap(([path, value]) => (typeof value === "string" ? [path] : []))
    .sort();
}

export interface ReadOptions {
  /** Environment variables that may hold S3 credentials. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Takes warnings, each a line without an end. */
  warn?: (line: string) => void;
}

/**
 * The configuration of a stack from its file alone, without the engine: secrets are placeholders.
 *
 * @throws {ConfigurationError} with every problem, if there is one.
 */
export function readStackConfig(stack: string, { environment, warn }: ReadOptions): StackConfig {
  const file = findStackFile(stack);
  const text = fs.readFileSync(file, "utf8");
  const raw = rawOptions(text, file);
  for (const path of secretsInClear(raw)) {
    warn?.(
      `Note: ${PREFIX}${path} stands in ${file} in clear; encrypt it with \`pulumi config set --secret --path\` (docs/security.md).`,
    );
  }
  return parseConfig(raw, { stack, environment, imagesLock: readLock() });
}
