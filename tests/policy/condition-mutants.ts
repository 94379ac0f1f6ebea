import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { transformSync } from "@swc/core";
import * as ts from "typescript";
import { parse } from "yaml";

const POLICY = join(__dirname, "../../policy");

/** A change of the source of the pack. */
export interface Change {
  file: string;
  start: number;
  end: number;
  text: string;
  /** What became of what, and where. */
  name: string;
}

const OTHER: Partial<Record<ts.SyntaxKind, string>> = {
  [ts.SyntaxKind.EqualsEqualsEqualsToken]: "!==",
  [ts.SyntaxKind.ExclamationEqualsEqualsToken]: "===",
  [ts.SyntaxKind.AmpersandAmpersandToken]: "||",
  [ts.SyntaxKind.BarBarToken]: "&&",
  [ts.SyntaxKind.LessThanToken]: "<=",
  [ts.SyntaxKind.LessThanEqualsToken]: "<",
  [ts.SyntaxKind.GreaterThanToken]: ">=",
  [ts.SyntaxKind.GreaterThanEqualsToken]: ">",
};
const OTHER_METHOD = new Map([
  ["some", "every"],
  ["every", "some"],
]);

/** What may be changed at a node of the source: its span and what stands there instead. */
function changeAt(node: ts.Node): [ts.Node, string] | undefined {
  if (ts.isBinaryExpression(node)) {
    const other = OTHER[node.operatorToken.kind];
    return other === undefined ? undefined : [node.operatorToken, other];
  }
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) {
    return [node, `(${node.operand.getText()})`];
  }
  if (ts.isPropertyAccessExpression(node)) {
    const other = OTHER_METHOD.get(node.name.text);
    return other === undefined ? undefined : [node.name, other];
  }
  if (node.kind === ts.SyntaxKind.TrueKeyword) return [node, "false"];
  if (node.kind === ts.SyntaxKind.FalseKeyword) return [node, "true"];
  return undefined;
}

/** Elements of lists of plain texts: each may be forgotten. */
function forgottenAt(node: ts.Node): [ts.Node, string] | undefined {
  return ts.isStringLiteral(node) && ts.isArrayLiteralExpression(node.parent)
    ? [node, '"(forgotten)"']
    : undefined;
}

/** What only documents a rule, which has a test of its own. */
const isWords = (node: ts.Node) =>
  ts.isPropertyAssignment(node) && ["targets", "type"].includes(node.name.getText());

/** Every change of a file of the pack by which a condition says something else. */
export function changesOf(file: string): Change[] {
  const path = join(POLICY, file);
  const source = ts.createSourceFile(
    path,
    readFileSync(path, "utf8"),
    ts.ScriptTarget.ES2022,
    true,
  );
  const changes: Change[] = [];
  const visit = (node: ts.Node): void => {
    if (
      isWords(node) ||
      ts.isImportDeclaration(node) ||
      ts.isTypeNode(node) ||
      ts.isInterfaceDeclaration(node)
    )
      return;
    const change = changeAt(node) ?? forgottenAt(node);
    if (change) {
      const [at, text] = change;
      const start = at.getStart();
      const { line } = source.getLineAndCharacterOfPosition(start);
      const name = `${file}:${line + 1}: ${at.getText().slice(0, 60)} -> ${text.slice(0, 60)}`;
      changes.push({ file, start, end: at.end, text, name });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return changes;
}

/** Files of a directory of the pack. */
export const filesIn = (directory: string): string[] =>
  readdirSync(join(POLICY, directory), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join(directory, file));

const transpiled = new Map<string, string>();

function transpile(path: string, text: string): string {
  return transformSync(text, {
    filename: path,
    jsc: { target: "es2022", parser: { syntax: "typescript" } },
    module: { type: "commonjs" },
  }).code;
}

function codeOf(path: string, change?: Change): string {
  if (change && join(POLICY, change.file) === path) {
    const text = readFileSync(path, "utf8");
    return transpile(path, text.slice(0, change.start) + change.text + text.slice(change.end));
  }
  const known = transpiled.get(path) ?? transpile(path, readFileSync(path, "utf8"));
  transpiled.set(path, known);
  return known;
}

type Module = { exports: Record<string, unknown> };

const resolved = new Map<string, string>();

function resolve(from: string, request: string): string {
  const key = `${dirname(from)} ${request}`;
  const known = resolved.get(key) ?? require.resolve(request, { paths: [dirname(from)] });
  resolved.set(key, known);
  return known;
}

type Modules = Map<string, Module>;

/** Runs a module of the pack, and those that it imports, unless they are among `modules`. */
function run(path: string, modules: Modules, change?: Change): Record<string, unknown> {
  const known = modules.get(path);
  if (known) return known.exports;
  const module: Module = { exports: {} };
  modules.set(path, module);
  const load = (request: string) => {
    if (!request.startsWith(".")) return shared(request);
    const imported = resolve(path, request);
    const outside = relative(POLICY, imported).startsWith("..");
    return outside ? shared(imported) : run(imported, modules, change);
  };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  const body = new Function("require", "module", "exports", codeOf(path, change)) as (
    ...args: unknown[]
  ) => void;
  body(load, module, module.exports);
  return module.exports;
}

const unchanged: Modules = new Map();

/** The module of a file of rules with one change in it: nothing else of the pack imports it. */
export function changedRules(change: Change): Record<string, unknown> {
  const path = join(POLICY, change.file);
  run(path, unchanged);
  return run(path, new Map([...unchanged].filter(([one]) => one !== path)), change);
}

/** A module of the pack, everything anew, with one change in what it imports. */
export const changedPack = (file: string, change: Change): Record<string, unknown> =>
  run(join(POLICY, file), new Map(), change);

const parsed = new Map<string, unknown>();

/** The parser of the documents, which are the same for every mutant. */
const yaml = {
  parse: (text: string, options: object) => {
    if (!parsed.has(text)) parsed.set(text, parse(text, options));
    return parsed.get(text);
  },
};

/** A module that every mutant has in common. */
function shared(path: string): unknown {
  if (path === "yaml") return yaml;
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require(path) as unknown;
}
