import fc, { type Arbitrary } from "fast-check";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { stackSchema } from "../../../config/schema";
import type { OptionMeta } from "../../../config/types";
import { BY_BALANCER, BY_GATEWAY, BY_INGRESS, OUTSIDE } from "../outside-options";
import { anything, anyText, valuesOf } from "./values";

export type Document = Record<string, unknown>;

/** A step into a document: the name of an option, or the place in a list. */
type Path = readonly (string | number)[];

const isGroup = (value: unknown): value is Document =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Options of a stack's file; ciphertexts are left out. */
function stackFile(stack: string): Document {
  const text = readFileSync(join(__dirname, `../../../Pulumi.${stack}.yaml`), "utf8");
  const { config } = parse(text) as { config: Document };
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key.replace(/^tracekeep:/, ""), value]),
  );
}

const onCluster = (kubernetes: Document, more: Document = {}): Document => ({
  target: "kubernetes",
  kubernetes: { context: "example", ...kubernetes },
  ...more,
});

/** Documents that are right, of every kind: what the others are made from. */
export const BASES: readonly Document[] = [
  {},
  OUTSIDE,
  onCluster({}),
  onCluster(
    { browsersFrom: ["ingress"], podMetrics: { namespaces: ["shops"] } },
    { replicas: { collector: 2, qdrant: 3 } },
  ),
  ...[BY_INGRESS, BY_GATEWAY, BY_BALANCER].map(({ kubernetes, ...more }) =>
    onCluster(kubernetes, more),
  ),
  ...["dev", "host", "prod"].map(stackFile),
];

interface Node {
  schema: z.ZodType;
  form?: string;
  required: boolean;
}

function unwrap(schema: z.ZodType, required = true): Node {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault) {
    const { form = (schema.meta() as Partial<OptionMeta> | undefined)?.form, ...inner } = unwrap(
      schema.unwrap() as z.ZodType,
      false,
    );
    return { ...inner, form };
  }
  return { schema, form: (schema.meta() as Partial<OptionMeta> | undefined)?.form, required };
}

/** Values of an option; of a group those that it cannot do without, and few of the others. */
function valuesAt(wrapped: z.ZodType): Arbitrary<unknown> {
  const { schema, form } = unwrap(wrapped);
  if (schema instanceof z.ZodObject) {
    const members = Object.entries(schema.shape as Record<string, z.ZodType>).map(
      ([name, member]): [string, Arbitrary<unknown>] => {
        const values = valuesAt(member);
        const seldom = fc.option(values, { freq: 1, nil: undefined });
        return [
          name,
          unwrap(member).required
            ? values
            : fc.oneof(fc.constant(undefined), fc.constant(undefined), seldom),
        ];
      },
    );
    return fc
      .record(Object.fromEntries(members), { noNullPrototype: true })
      .map((group: Document) =>
        Object.fromEntries(Object.entries(group).filter(([, value]) => value !== undefined)),
      );
  }
  if (schema instanceof z.ZodArray) {
    return fc.array(valuesAt(schema.element as z.ZodType), { maxLength: 3 });
  }
  return valuesOf(form ?? "");
}

/** Every option with its path, groups and lists too; of a list the first entry's. */
function optionsBelow(wrapped: z.ZodType, path: Path): [Path, z.ZodType][] {
  const { schema } = unwrap(wrapped);
  if (schema instanceof z.ZodObject) {
    return Object.entries(schema.shape as Record<string, z.ZodType>).flatMap(([name, member]) => [
      [[...path, name], member] as [Path, z.ZodType],
      ...optionsBelow(member, [...path, name]),
    ]);
  }
  return schema instanceof z.ZodArray
    ? optionsBelow(schema.element as z.ZodType, [...path, 0])
    : [];
}

const OPTIONS = optionsBelow(stackSchema, []);

/** A document in which a value stands at a path, whatever stood there or on the way. */
export function withValue(document: unknown, [step, ...rest]: Path, value: unknown): unknown {
  if (step === undefined) return value;
  if (typeof step === "number") {
    const list = Array.isArray(document) ? [...(document as unknown[])] : [];
    list[step] = withValue(list[step], rest, value);
    return list;
  }
  const group = isGroup(document) ? document : {};
  const member = withValue(Object.hasOwn(group, step) ? group[step] : undefined, rest, value);
  // As JSON does, for "__proto__" too.
  return Object.fromEntries([
    ...Object.entries(group).filter(([key]) => key !== step),
    [step, member],
  ]);
}

const setting = fc
  .constantFrom(...OPTIONS)
  .chain(([path, schema]) => valuesAt(schema).map((value) => ({ path, value })));

const misplaced = fc.record({
  path: fc.oneof(
    fc.constantFrom(...OPTIONS.map(([path]) => path)),
    fc
      .tuple(fc.constantFrom(...OPTIONS.map(([path]) => path)), anyText)
      .map(([path, name]) => [...path.slice(0, -1), name]),
  ),
  value: anything,
});

const changed = (
  changes: Arbitrary<{ path: Path; value: unknown }>,
  most: number,
): Arbitrary<Document> =>
  fc
    .tuple(fc.constantFrom(...BASES), fc.array(changes, { minLength: 1, maxLength: most }))
    .map(([base, list]) =>
      list.reduce<unknown>((document, { path, value }) => withValue(document, path, value), base),
    )
    .map((document) => document as Document);

/** Right documents with options changed, each to a value of its form. */
export const plausible: Arbitrary<Document> = changed(setting, 6);

/** Right documents with anything anywhere. */
export const mutated: Arbitrary<Document> = changed(fc.oneof(misplaced, misplaced, setting), 4);
