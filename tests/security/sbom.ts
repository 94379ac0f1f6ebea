import type { Spec } from "@cyclonedx/cyclonedx-library";
import { Validation } from "@cyclonedx/cyclonedx-library";
import { writeFileSync } from "node:fs";
import { readLock } from "../../config/images-lock-file";
import { name as project } from "../../package.json";
import { billOfMaterials, withImages } from "./bom";
import { askNpm, SBOM } from "./npm";
import { finish } from "./report";

/** What CycloneDX's schema says against a document; undefined if that is nothing. */
export async function invalidParts(json: string, specVersion: string): Promise<string | undefined> {
  const validator = new Validation.JsonStrictValidator(specVersion as Spec.Version);
  const error = await validator.validate(json);
  return error === null ? undefined : JSON.stringify(error, null, 2);
}

/** `npm run security:sbom -- FILE`: the packages and the images that the project is made of. */
export async function main([file]: string[]): Promise<void> {
  if (file === undefined) throw new Error("say where to: npm run security:sbom -- sbom.json");
  const packages = billOfMaterials.parse(await askNpm(...SBOM));
  const bill = withImages(packages, readLock(), project);
  const json = `${JSON.stringify(bill, null, 2)}\n`;
  const invalid = await invalidParts(json, bill.specVersion);
  if (invalid === undefined) writeFileSync(file, json);
  finish(
    "sbom",
    invalid === undefined ? [] : [`not CycloneDX ${bill.specVersion}: ${invalid}`],
    `${bill.components.length} components in ${file}`,
  );
}

if (require.main === module) {
  main(process.argv.slice(2)).catch((error: Error) => finish("sbom", [error.message], ""));
}
