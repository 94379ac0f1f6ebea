import { distance } from "fastest-levenshtein";
import { z } from "zod";
import { checkAcross } from "./checks";
import { NOTHING_LOCKED, type ImagesLock } from "./images-lock";
import { withPortOffset } from "./port-offset";
import { stackSchema, type ParsedOptions } from "./schema";
import { Secret } from "./secret";

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
  /** The content that images have to have. */
  imagesLock: ImagesLock;
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
    .map((part, index) => {
      if (typeof part === "number") return `[${part}]`;
      return `${index === 0 ? "" : "."}${String(part) || '""'}`;
    })
    .join("");
}

/** The options inside an object option, whatever default or optional wrapper is around it. */
export function shapeOf(schema: z.ZodType): Record<string, z.ZodType> | undefined {
  if (schema instanceof z.ZodObject) return schema.shape;
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

/** Groups and lists in one another; no option is nearly as deep. */
const DEEPEST = 64;

/** Whether a value is deeper than any option, or holds itself, as an anchor in YAML can. */
export function isTooDeep(value: unknown, left = DEEPEST): boolean {
  if (typeof value !== "object" || value === null) return false;
  return left === 0 || Object.values(value).some((member) => isTooDeep(member, left - 1));
}

/** The options that can be looked at, and what is wrong with the others. */
function withoutAbysses(raw: unknown): { raw: unknown; problems: Problem[] } {
  if (!isTooDeep(raw)) return { raw, problems: [] };
  const entries = Object.entries(raw as object);
  const isDeep = ([, value]: [string, unknown]) => isTooDeep(value, DEEPEST - 1);
  return {
    raw: Object.fromEntries(entries.filter((entry) => !isDeep(entry))),
    problems: entries.filter(isDeep).map(([path]) => ({
      path,
      message: `expected at most ${DEEPEST} groups and lists in one another`,
    })),
  };
}

/** A copy of raw values that may be cut; an option without a value (`ports:`) counts as absent. */
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (typeof value !== "object" || value === null || value instanceof Secret) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null && member !== undefined)
      .map(([key, member]) => [key, copyOf(member)]),
  );
}

/** Takes out what stands at `path`, or its nearest container that exists; false if there is nothing. */
function takeOut(raw: Record<string, unknown>, path: readonly PropertyKey[], indices: Indices) {
  for (let length = path.length; length > 0; length--) {
    let holder: unknown = raw;
    for (const part of path.slice(0, length - 1)) {
      holder = (holder as Record<PropertyKey, unknown> | undefined)?.[part];
    }
    const last = path[length - 1];
    if (Array.isArray(holder) && typeof last === "number" && last in holder) {
      holder.splice(last, 1);
      indices[formatPath(path.slice(0, length - 1))]?.splice(last, 1);
      return true;
    }
    if (typeof holder === "object" && holder !== null && Object.hasOwn(holder, last)) {
      delete (holder as Record<PropertyKey, unknown>)[last];
      return true;
    }
  }
  return false;
}

/** Of each list that is in no other list: where its remaining entries stood at first. */
type Indices = Record<string, number[]>;

function indicesOf(group: object, prefix = ""): Indices {
  const entries = Object.entries(group).map(([key, value]: [string, unknown]): Indices => {
    if (Array.isArray(value)) return { [`${prefix}${key}`]: [...value.keys()] };
    return typeof value === "object" && value !== null ? indicesOf(value, `${prefix}${key}.`) : {};
  });
  return Object.assign({}, ...entries) as Indices;
}

interface Shape {
  options: ParsedOptions;
  problems: Problem[];
  indices: Indices;
}

/**
 * Parses all it can: what is wrong is reported and then left out, so that a typo in one place does
 * not hide a clash in another.
 */
function parseShape(raw: unknown): Shape {
  const problems: Problem[] = [];
  const remaining = copyOf(raw) as Record<string, unknown>;
  const indices = indicesOf(remaining);
  for (;;) {
    const result = stackSchema.safeParse(remaining);
    if (result.success) return { options: result.data, problems, indices };
    if (problems.length === 0) problems.push(...result.error.issues.flatMap(describe));
    // Later list entries first: taking one out moves those behind it.
    const issues = [...result.error.issues].reverse();
    const taken = issues.map((issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => takeOut(remaining, [...issue.path, key], indices)).some(Boolean)
        : takeOut(remaining, issue.path, indices),
    );
    if (!taken.some(Boolean)) return { options: stackSchema.parse({}), problems, indices };
  }
}

/** What the checks across options found, minus what follows from a problem already reported. */
function furtherProblems(found: readonly Problem[], { problems, indices }: Shape): Problem[] {
  const restored = (text: string) =>
    text.replace(/\b([\w.]+)\[(\d+)\]/g, (whole, list: string, index: string) => {
      const original = indices[list]?.[Number(index)];
      return original === undefined ? whole : `${list}[${original}]`;
    });
  return found
    .map(({ path, message }) => ({ path: restored(path), message: restored(message) }))
    .filter(({ path, message }) =>
      problems.every((known) => known.path !== path && !message.includes(`(${known.path})`)),
    );
}

/** The stack's name as a DNS label of at most `length` characters, behind a start that is one. */
function labelOf(start: string, stack: string, length = 40): string {
  const label = `${start}${stack.toLowerCase().replace(/[^a-z0-9-]/g, "-")}`;
  return label.slice(0, length).replace(/-+$/, "");
}

export interface ParseContext {
  /** Name of the stack. */
  stack: string;
  /** Environment variables that may hold S3 credentials. */
  environment: Readonly<Record<string, string | undefined>>;
  /** The content that images have to have. Default: whatever their tags name. */
  imagesLock?: ImagesLock;
}

/**
 * The typed configuration of a stack from raw values.
 *
 * @throws {ConfigurationError} with every problem, if there is one.
 */
export function parseConfig(raw: unknown, context: ParseContext): StackConfig {
  const { raw: shallow, problems: abysses } = withoutAbysses(raw ?? {});
  const shape = parseShape(shallow);
  const { options } = shape;
  const config: StackConfig = {
    ...withPortOffset(options),
    stack: context.stack,
    environment: options.environment ?? labelOf("", context.stack),
    namePrefix: options.namePrefix ?? labelOf("tracekeep-", context.stack),
    imagesLock: context.imagesLock ?? NOTHING_LOCKED,
  };
  const further = furtherProblems(checkAcross(config, context.environment), shape);
  const problems = [...abysses, ...shape.problems, ...further];
  if (problems.length > 0) throw new ConfigurationError(context.stack, problems);
  return config;
}
