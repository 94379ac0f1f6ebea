import { readFileSync } from "node:fs";
import { join } from "node:path";
import { noteSkipped } from "../helpers/skip";
import { allowedAdvisories, judge } from "./advisories";
import { askNpm } from "./npm";
import { finish } from "./report";

/** `npm run security:audit`: the advisories of the packages, less those of the list with reasons. */
async function main([file = join(__dirname, "advisories.json")]: string[]): Promise<void> {
  const allowed = allowedAdvisories.parse(JSON.parse(readFileSync(file, "utf8")));
  const answer = await askNpm("audit", "--json");
  const verdict = judge(answer, allowed, new Date().toISOString().slice(0, 10));
  if (verdict.kind === "judged") {
    const { advisories, problems } = verdict;
    return finish("audit", problems, `${advisories} advisories, ${allowed.length} allowed`);
  }
  noteSkipped(`audit: ${verdict.reason}`);
  process.stdout.write(`skipped: audit: ${verdict.reason}\n`);
}

main(process.argv.slice(2)).catch((error: Error) => finish("audit", [error.message], ""));
