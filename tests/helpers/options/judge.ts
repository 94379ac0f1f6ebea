import { renderStack, type Rendering } from "../../../commands/rendering";
import { ConfigurationError, parseConfig, type StackConfig } from "../../../config/parse";
import type { Document } from "./documents";
import { PLANTED } from "./values";

/** Credentials come from there, too. */
const CONTEXT = {
  stack: "dev",
  environment: { AWS_ACCESS_KEY_ID: PLANTED, AWS_SECRET_ACCESS_KEY: PLANTED },
};

/** What became of a document. */
export type Verdict =
  | { accepted: true; config: StackConfig; rendering: Rendering }
  | { accepted: false; error: ConfigurationError };

/** What is said in a sentence, without what it repeats of the document. */
const spoken = (message: string) =>
  message
    .replace(/"(?:[^"\\]|\\.)*("|…)/g, '""')
    .replace(/got -?(\d[\d.e+-]*|NaN|Infinity|null)/g, "got 0");

function expectSentences({ problems, message }: ConfigurationError): void {
  expect(problems.length).toBeGreaterThan(0);
  for (const problem of problems) {
    expect(problem.path).not.toBe("");
    // A clause that goes on after the option's path: it begins small, and has more than a word.
    expect(problem.message).toMatch(/^\S+( \S+)+/);
    expect(spoken(problem.message)).not.toMatch(
      /undefined|\bnull\b|NaN|Infinity|\[object|function|e\+\d/,
    );
    // Nobody reads a page of one value.
    expect(problem.message.length).toBeLessThan(1000);
  }
  expect(message).not.toContain(PLANTED);
}

/** Expects a document to be rendered, or to be refused in sentences; anything else is thrown. */
export function judge(document: Document): Verdict {
  let config: StackConfig;
  try {
    config = parseConfig(document, CONTEXT);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    expectSentences(error);
    return { accepted: false, error };
  }
  const rendering = renderStack(config);
  for (const [name, text] of rendering) {
    if (text.includes(PLANTED)) throw new Error(`${name} holds a secret`);
    expect({
      [name]: /undefined|\bNaN\b|\[object Object\]|: -?Infinity$/m.exec(text)?.[0],
    }).toEqual({ [name]: undefined });
  }
  return { accepted: true, config, rendering };
}
