import { parser } from "@prometheus-io/lezer-promql";

type SyntaxNode = ReturnType<typeof parser.parse>["topNode"];

/** One matcher of a selector, such as `job=~"tempo|loki"`. */
export interface Matcher {
  label: string;
  operator: "=" | "!=" | "=~" | "!~";
  value: string;
}

/** A vector selector of an expression. */
export interface Selector {
  /** Undefined where the expression selects by other labels alone. */
  metric?: string;
  /** All but the one of the name. */
  matchers: Matcher[];
  /** The selector as it stands in the expression, without its range. */
  text: string;
}

/** What a string literal of PromQL holds. */
function unquote(literal: string): string {
  const inner = literal.slice(1, -1);
  if (literal.startsWith("`")) return inner;
  return JSON.parse(`"${inner.replaceAll("\\'", "'").replace(/(?<!\\)"/g, '\\"')}"`) as string;
}

function matcherOf(node: SyntaxNode, textOf: (node: SyntaxNode) => string): Matcher | undefined {
  const operator = node.getChild("MatchOp");
  if (!operator) return undefined;
  const quoted = node.getChild("QuotedLabelName");
  const label = quoted ? unquote(textOf(quoted)) : textOf(node.getChild("LabelName")!);
  return {
    label,
    operator: textOf(operator) as Matcher["operator"],
    value: unquote(textOf(node.getChild("StringLiteral")!)),
  };
}

function selectorOf(node: SyntaxNode, textOf: (node: SyntaxNode) => string): Selector {
  const children = node.getChild("LabelMatchers");
  const matchers: Matcher[] = [];
  const identifier = node.getChild("Identifier");
  let metric = identifier ? textOf(identifier) : undefined;
  for (let child = children?.firstChild; child; child = child.nextSibling) {
    const matcher = matcherOf(child, textOf);
    if (matcher === undefined) {
      // `{"a.name", …}`: a name that needs quotes.
      if (child.name === "QuotedLabelName") metric = unquote(textOf(child));
    } else if (matcher.label === "__name__" && matcher.operator === "=") {
      metric = matcher.value;
    } else {
      matchers.push(matcher);
    }
  }
  return { metric, matchers, text: textOf(node) };
}

/**
 * The vector selectors of an expression, in its order.
 *
 * @throws where it is not PromQL; Grafana's variables must have been replaced.
 */
export function selectorsOf(expression: string): Selector[] {
  const textOf = ({ from, to }: SyntaxNode) => expression.slice(from, to);
  const selectors: Selector[] = [];
  parser.parse(expression).iterate({
    enter({ type, from, node }) {
      if (type.isError) {
        throw new Error(`not PromQL at ${from}: ${expression.slice(from, from + 20)} …`);
      }
      if (type.name === "VectorSelector") selectors.push(selectorOf(node, textOf));
    },
  });
  return selectors;
}

/** Names of metrics that an expression asks for, each once. */
export function metricNamesOf(expression: string): string[] {
  const names = selectorsOf(expression).flatMap(({ metric }) =>
    metric === undefined ? [] : metric,
  );
  return [...new Set(names)];
}
