import { isMap, isNode, isScalar, parseDocument, type Pair, type YAMLMap } from "yaml";
import type { Generations } from "../../components/pki/generations";

/** A part of a text and what takes its place. */
interface Edit {
  start: number;
  end: number;
  text: string;
}

const NAMES = ["tracekeep:certificates", "certificates"];

const lineStart = (text: string, at: number) => text.lastIndexOf("\n", at - 1) + 1;
const lineEnd = (text: string, at: number) => {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end + 1;
};

const pairOf = ({ items }: YAMLMap, names: readonly string[]): Pair | undefined =>
  items.find(({ key }) => isScalar(key) && names.includes(String(key.value)));

function rangeOf(node: unknown): [start: number, end: number] {
  if (!isNode(node) || !node.range) throw new Error("a node of the stack file has no place in it");
  return [node.range[0], node.range[1]];
}

/** The map that a pair holds, if its entries stand on lines of their own. */
const blockOf = (pair: Pair | undefined): YAMLMap | undefined =>
  pair && isMap(pair.value) && !pair.value.flow && pair.value.items.length > 0
    ? pair.value
    : undefined;

/** The lines of an entry. */
function linesOf(text: string, { key, value }: Pair): [start: number, end: number] {
  const [start] = rangeOf(key);
  const content = text.slice(0, rangeOf(value)[1]).trimEnd().length;
  return [lineStart(text, start), lineEnd(text, content)];
}

/** Edits of a group of which each entry stands on lines of its own. */
function groupEdits(text: string, group: Pair, { generation, alsoTrusted }: Generations): Edit[] {
  const map = blockOf(group)!;
  const [first] = map.items;
  const [firstKey] = rangeOf(first.key);
  const indent = text.slice(lineStart(text, firstKey), firstKey);
  const behind = lineEnd(text, rangeOf(group.key)[1]);
  const entry = (option: string) => pairOf(map, [option]);
  const set = (option: string, value: number): Edit => {
    const pair = entry(option);
    if (!pair) return { start: behind, end: behind, text: `${indent}${option}: ${value}\n` };
    const [start, end] = rangeOf(pair.value);
    return { start, end, text: String(value) };
  };
  const remove = (pair: Pair | undefined): Edit[] => {
    if (!pair) return [];
    const [start, end] = linesOf(text, pair);
    return [{ start, end, text: "" }];
  };
  if (alsoTrusted !== undefined) {
    return [set("generation", generation), set("alsoTrusted", alsoTrusted)];
  }
  const next = entry("nextCa");
  const [keyStart, keyEnd] = next ? rangeOf(next.key) : [0, 0];
  return [
    set("generation", generation),
    ...remove(entry("alsoTrusted")),
    ...(next ? [...remove(entry("ca")), { start: keyStart, end: keyEnd, text: "ca" }] : []),
  ];
}

function apply(text: string, edits: readonly Edit[]): string {
  // From the end on, so that no edit moves what another is about; of two at one place, in order.
  return [...edits]
    .reverse()
    .sort((a, b) => b.start - a.start)
    .reduce(
      (done, { start, end, text: put }) => done.slice(0, start) + put + done.slice(end),
      text,
    );
}

/**
 * The text of a stack file with other generations of the CA; every other line stays as it is. Where
 * one generation is left, the user's next CA has taken the place of the one before it.
 */
export function withGenerations(text: string, generations: Generations): string {
  const document = parseDocument(text);
  const root = isMap(document.contents) ? pairOf(document.contents, ["config"]) : undefined;
  const options = blockOf(root);
  const group = options && pairOf(options, NAMES);
  if (blockOf(group)) return apply(text, groupEdits(text, group!, generations));
  const { generation, alsoTrusted } = generations;
  const value = { generation, ...(alsoTrusted !== undefined && { alsoTrusted }) };
  if (options && !group) {
    const [firstKey] = rangeOf(options.items[0].key);
    const indent = text.slice(lineStart(text, firstKey), firstKey);
    const lines = Object.entries(value).map(([key, one]) => `${indent}  ${key}: ${one}\n`);
    const behind = lineEnd(text, rangeOf(root!.key)[1]);
    const put = `${indent}${NAMES[0]}:\n${lines.join("")}`;
    return apply(text, [{ start: behind, end: behind, text: put }]);
  }
  // Nothing in it, or all on one line: there is no shape that could be kept.
  const name = NAMES.find((one) => document.hasIn(["config", one])) ?? NAMES[0];
  if (!isMap(document.getIn(["config"]))) document.setIn(["config"], document.createNode({}));
  const known = document.getIn(["config", name]);
  const before = isMap(known) ? (known.toJSON() as Record<string, unknown>) : {};
  const { nextCa, ca } = before;
  const own = nextCa === undefined || alsoTrusted !== undefined ? { ca, nextCa } : { ca: nextCa };
  const changed = { ...before, alsoTrusted: undefined, nextCa: undefined, ...own, ...value };
  document.setIn(["config", name], document.createNode(changed, { keepUndefined: false }));
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
