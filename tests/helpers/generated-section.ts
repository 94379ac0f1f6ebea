import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const DOCS = join(__dirname, "../../docs");

/**
 * Expects the generated part of a page of `docs/`, between `<!-- NAME -->` and `<!-- /NAME -->`, to
 * be a text. With UPDATE_GOLDEN=1 it is written there instead.
 */
export function expectSection(page: string, name: string, text: string): void {
  const path = join(DOCS, page);
  const content = readFileSync(path, "utf8");
  const [open, close] = [`<!-- ${name} -->\n`, `<!-- /${name} -->\n`];
  const [start, end] = [content.indexOf(open), content.indexOf(close)];
  if (start < 0 || end < start) throw new Error(`docs/${page} has no part ${open.trim()}`);
  const [before, after] = [content.slice(0, start + open.length), content.slice(end)];
  const written = `\n${text}\n\n`;
  if (process.env.UPDATE_GOLDEN === "1") writeFileSync(path, `${before}${written}${after}`);
  else expect(content.slice(start + open.length, end)).toBe(written);
}
