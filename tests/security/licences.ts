import { readFileSync } from "node:fs";
import { join } from "node:path";
import { billOfMaterials } from "./bom";
import { licenceProblems, licenceRules } from "./licence-rules";
import { askNpm, SBOM } from "./npm";
import { finish } from "./report";

/** `npm run security:licences`: the licence of every package, those of development too. */
async function main([file = join(__dirname, "licences.json")]: string[]): Promise<void> {
  const rules = licenceRules.parse(JSON.parse(readFileSync(file, "utf8")));
  const { components } = billOfMaterials.parse(await askNpm(...SBOM));
  finish(
    "licences",
    licenceProblems(components, rules),
    `${components.length} packages, ${rules.exceptions.length} exceptions`,
  );
}

main(process.argv.slice(2)).catch((error: Error) => finish("licences", [error.message], ""));
