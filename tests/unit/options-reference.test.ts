import * as fs from "node:fs";
import * as path from "node:path";
import { optionsReference } from "../../commands/options-reference";
import { listOptions } from "../../config/options";

const file = path.join(__dirname, "../../docs/options.md");

test("docs/options.md is what `npm run docs` writes", () => {
  expect(fs.readFileSync(file, "utf8")).toBe(optionsReference());
});

test("every option has a doc string, and a value its form", () => {
  for (const { path: name, description, form, kind } of listOptions()) {
    expect({ name, ends: /[.`)]$/.test(description) }).toEqual({ name, ends: true });
    if (kind === "value")
      expect({ name, form }).toEqual({ name, form: expect.stringMatching(/\S/) });
  }
});

test("a group's members stand under it, lists and secrets included", () => {
  const reference = optionsReference();
  expect(reference).toMatch(/^## storage$/m);
  expect(reference).toContain("| `apps[].scrape.path` |");
  expect(reference).toMatch(/`certificates\.ca\.privateKey` .*; secret \| required \|/);
  expect(reference).toMatch(/`retention\.traces` \| Traces\. \| .* \| `"168h"` \|/);
  expect(reference).toContain("Default of `redaction.values`:\n\n```yaml\n- earer");
});
