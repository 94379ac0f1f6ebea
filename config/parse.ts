import { distance } from "fastest-levenshtein";
import { z } from "zod";
import { checkAcross } from "./checks";
import { stackSchema, type ParsedOptions } from "./schema";

/** One thing that is wrong with a configuration. */
export interface Problem {
  /** Where: `storage.tempo.bucket`, `apps[1].name`. */
  path: string;
  /** What was expected, and, unless it is a secret, what was found. */
  message: string;
}

/** The configuration of a stack after parsing: every option present, names resolved. */
export type StackConfig = ParsedOptions & {
  /** Name of the stack. */
  stack: string;
  environment: string;
  namePrefix: string;
};

/** Thrown with every problem of a configuration at once, ready to be printed. */
export class ConfigurationError extends Error {
  constructor(
    stack: string,
    readonly problems: readonly Problem[],
  ) {
    const lines = problems.map(({ path, message }) => `  tracekeep:${path}: ${message}`);
    super(
      `The configuration of stack "${stack}" has ${problems.length} ` +
        `problem${problems.length === 1 ? "" : "s"}; nothing was changed.\n${lines.join("\n")}\n` +
        `All options: docs/options.md. The file: Pulumi.${stack}.yaml.`,
    );
    this.name = "ConfigurationError";
  }
}

export function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) =>
      typeof part === "number" ? `[${part}]` : index === 0 ? String(part) : `.${String(part)}`,
    )
    .join("");
}

/** The options inside an object option, whatever default or optional wrapper is around it. */
export function shapeOf(schema: z.ZodType): Record<string, z.ZodType> | undefined {
  if (schema instanceof z.ZodObject) return schema.shape as Record<string, z.ZodType>;
  if (schema instanceof z.ZodArray) return shapeOf(schema.element as z.ZodType);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault) {
    return shapeOf(schema.unwrap() as z.ZodType);
  }
  return undefined;
}

function knownKeys(path: readonly PropertyKey[]): string[] {
  let shape = shapeOf(stackSchema);
  for (const part of path) {
    if (typeof part !== "number" && shape) shape = shapeOf(shape[String(part)]);
  }
  return Object.keys(shape ?? {});
}

function unknownKey(path: readonly PropertyKey[], key: string): Problem {
  const keys = knownKeys(path);
  const [nearest] = keys
    .map((known) => ({ known, far: distance(known.toLowerCase(), key.toLowerCase()) }))
    .sort((a, b) => a.far - b.far);
  const hint =
    nearest && nearest.far <= Math.max(2, key.length / 3)
      ? `; did you mean "${nearest.known}"?`
      : `; known here: ${keys.join(", ")}`;
  return { path: formatPath([...path, key]), message: `no such option${hint}` };
}

function describe(issue: z.core.$ZodIssue): Problem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => unknownKey(issue.path, key));
  }
  const path = formatPath(issue.path);
  if (issue.code === "invalid_type" || issue.code === "invalid_key") {
    const nested = issue.code === "invalid_key" ? issue.issues[0]?.message : undefined;
    const expected = { object: "a group of options", array: "a list", record: "a map" }[
      "expected" in issue ? String(issue.expected) : ""
    ];
    return [{ path, message: nested ?? (expected ? `expected ${expected}` : issue.message) }];
  }
  return [{ path, message: issue.message }];
}

/** Takes out what stands at `path`, or its nearest container that exists; false if there is nothing. */
function takeOut(raw: Record<string, unknown>, path: readonly PropertyKey[]): boolean {
  for (let length = path.length; length > 0; length--) {
    let holder: unknown = raw;
    for (const part of path.slice(0, length - 1)) {
      holder = (holder as Record<PropertyKey, unknown> | undefined)?.[part];
    }
    const last = path[length - 1];
    if (Array.isArray(holder) && typeof last === "number" && last in holder) {
      holder.splice(last, 1);
      return true;
    }
    if (typeof holder === "object" && holder !== null && last in holder) {
      delete (holder as Record<PropertyKey, unknown>)[last];
      return true;
    }
  }
  return false;
}

/**
 * Parses all it can: what is wrong is reported and then left out, so that a typo in one place does
 * not hide a clash in another.
 */
function parseShape(raw: unknown): { options: ParsedOptions; problems: Problem[] } {
  const problems: Problem[] = [];
  const remaining = structuredClone(raw) as Record<string, unknown>;
  for (;;) {
    const result = stackSchema.safeParse(remaining);
    if (result.success) return { options: result.data, problems };
    if (problems.length === 0) problems.push(...result.error.issues.flatMap(describe));
    // Later list entries first: taking one out moves those behind it.
    const issues = [...result.error.issues].reverse();
    const taken = issues.map((issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => takeOut(remaining, [...issue.path, key])).some(Boolean)
        : takeOut(remaining, issue.path),
    );
    if (!taken.some(Boolean)) return { options: stackSchema.parse({}), problems };
  }
}

export interface ParseContext {
  /** Name of the stack. */
  stack: string;
  /** Environment variables that may hold S3 credentials. */
  environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The typed configuration of a stack from raw values.
 *
 * @throws {ConfigurationError} with every problem, if there is one.
 */
export function parseConfig(raw: unknown, context: ParseContext): StackConfig {
  const { options, problems } = parseShape(raw ?? {});
  const stackLabel = context.stack.toLowerCase().replace(/[^a-z0-9-]/g, "-");
  const config: StackConfig = {
    ...options,
    stack: context.stack,
    environment: options.environment ?? stackLabel,
    namePrefix: options.namePrefix ?? `tracekeep-${stackLabel}`.slice(0, 40),
  };
  problems.push(...checkAcross(config, context.environment));
  if (problems.length > 0) throw new ConfigurationError(context.stack, problems);
  return config;
}
