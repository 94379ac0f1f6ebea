import * as fs from "node:fs";
import * as path from "node:path";
import { sizingReference } from "../../commands/sizing-reference";

test("docs/sizing.md is what `npm run docs` writes", () => {
  const file = path.join(__dirname, "../../docs/sizing.md");
  expect(fs.readFileSync(file, "utf8")).toBe(sizingReference());
});
