import { readFileSync } from "node:fs";
import { join } from "node:path";
import { policiesReference } from "../../commands/policies-reference";
import { RULES } from "../../policy/rules";

jest.mock("../../config/images-lock-file", () => jest.requireActual<object>("./lock"));

const file = join(__dirname, "../../docs/policies.md");

test("docs/policies.md is what `npm run docs` writes", () => {
  expect(readFileSync(file, "utf8")).toBe(policiesReference());
});

test("every rule stands in it once, with its sentence", () => {
  const reference = policiesReference();
  for (const { name, description } of RULES) {
    expect(reference.split(`| \`${name}\` | ${description} |`)).toHaveLength(2);
  }
});
