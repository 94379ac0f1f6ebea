import { z } from "zod";
import { stackSchema } from "./schema";
import type { OptionMeta } from "./types";

/** One option, as the reference lists it. */
export interface OptionEntry {
  /** Its path: `storage.tempo.bucket`, `apps[].name`. */
  path: string;
  description: string;
  /** The form of its value; absent for a group. */
  form?: string;
  /** Its default, as it would stand in a stack file; absent when there is none. */
  fallback?: unknown;
  /** Whether it must be there when the group around it is. */
  required: boolean;
  secret: boolean;
  /** 0 for the options at the top. */
  depth: number;
  kind: "group" | "list" | "value";
}

interface Unwrapped {
  schema: z.ZodType;
  description?: string;
  form?: string;
  secret: boolean;
  fallback?: unknown;
  optional: boolean;
}

/** What is inside the wrappers, with what they add. The outermost doc string wins. */
function unwrap(schema: z.ZodType): Unwrapped {
  const meta = (schema.meta() ?? {}) as Partial<OptionMeta>;
  const own = { description: meta.description, form: meta.form };
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault) {
    const inner = unwrap(schema.unwrap() as z.ZodType);
    const merged = {
      ...inner,
      description: own.description ?? inner.description,
      form: own.form ?? inner.form,
      optional: true,
    };
    return schema instanceof z.ZodPrefault
      ? { ...merged, fallback: schema.def.defaultValue }
      : merged;
  }
  return { schema, ...own, secret: meta.secret === true, optional: false };
}

function walk(shape: Record<string, z.ZodType>, prefix: string, depth: number): OptionEntry[] {
  return Object.entries(shape).flatMap(([name, wrapped]): OptionEntry[] => {
    const { schema, description, form, secret, fallback, optional } = unwrap(wrapped);
    const path = `${prefix}${name}`;
    if (description === undefined) throw new Error(`Option ${path} has no doc string.`);
    const base = { path, description, required: !optional, secret, depth };
    if (schema instanceof z.ZodObject) {
      return [{ ...base, kind: "group" }, ...walk(schema.shape, `${path}.`, depth + 1)];
    }
    if (!(schema instanceof z.ZodArray)) return [{ ...base, form, fallback, kind: "value" }];
    const item = unwrap(schema.element as z.ZodType);
    if (item.schema instanceof z.ZodObject) {
      const members = walk(item.schema.shape, `${path}[].`, depth + 1);
      return [{ ...base, form: "a list", fallback, kind: "list" }, ...members];
    }
    return [{ ...base, form: `a list, each: ${item.form}`, fallback, kind: "value" }];
  });
}

/** Every option, in the order of the schema. */
export function listOptions(): OptionEntry[] {
  return walk(stackSchema.shape, "", 0);
}

/** Paths of the options that are secrets. */
export function secretOptions(): string[] {
  return listOptions()
    .filter(({ secret }) => secret)
    .map(({ path }) => path);
}
