import type { ResourceChange } from "../resource-changes";
import type { Side } from "../side";

/** What a section is written from. */
export interface Compared {
  before: Side;
  after: Side;
  /** Undefined where a revision does not say what the engine would make. */
  changes?: readonly ResourceChange[];
}

/** A part of the page: its title and its lines of Markdown. */
export interface Section {
  title: string;
  lines: string[];
}

/** Text as code; what would end it is left out. */
export const code = (text: string): string => `\`${text.replaceAll("`", "'")}\``;

/** Members that came, went, and stayed under their key. */
export function byKey<T>(before: readonly T[], after: readonly T[], key: (member: T) => string) {
  const old = new Map(before.map((member) => [key(member), member]));
  const made = new Map(after.map((member) => [key(member), member]));
  return {
    came: after.filter((member) => !old.has(key(member))),
    went: before.filter((member) => !made.has(key(member))),
    stayed: after.flatMap((member): [T, T][] => {
      const was = old.get(key(member));
      return was === undefined ? [] : [[was, member]];
    }),
  };
}

/** Leaves of a tree of values, by path. */
export function leaves(value: unknown, path = ""): [string, unknown][] {
  if (typeof value !== "object" || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, member]) =>
    leaves(member, path === "" ? key : `${path}.${key}`),
  );
}

/** Paths whose leaves differ, with both values; one that is missing is undefined. */
export function changedLeaves(before: unknown, after: unknown): [string, unknown, unknown][] {
  const old = new Map(leaves(before ?? {}));
  const made = new Map(leaves(after ?? {}));
  return [...new Set([...old.keys(), ...made.keys()])]
    .filter((path) => path !== "" && old.get(path) !== made.get(path))
    .sort()
    .map((path) => [path, old.get(path), made.get(path)]);
}

/** `before → after` of a value. */
export function arrow(before: unknown, after: unknown): string {
  const text = (value: unknown) =>
    value === undefined
      ? "nothing"
      : code(typeof value === "string" ? value : JSON.stringify(value));
  return `${text(before)} → ${text(after)}`;
}
