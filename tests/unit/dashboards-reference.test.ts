import * as fs from "node:fs";
import * as path from "node:path";
import { dashboardsReference } from "../../commands/dashboards-reference";
import { stackDashboards } from "../../components/stack/dashboards";
import { contextOf } from "../helpers/golden";
import { panelsOf, type Dashboard } from "../helpers/grafana-dashboard";

const file = path.join(__dirname, "../../docs/dashboards.md");
const reference = dashboardsReference();

test("docs/dashboards.md is what `npm run docs` writes", () => {
  expect(fs.readFileSync(file, "utf8")).toBe(reference);
});

test("every panel of every dashboard has its line, with each of its queries", () => {
  const { config } = contextOf("grafana", { containerLogs: { enabled: true } });
  for (const { title, document } of stackDashboards(config)) {
    const [, section = ""] = reference.split(`\n## ${title}\n`);
    for (const panel of panelsOf(document as unknown as Dashboard)) {
      const line = section.split("\n").find((text) => text.startsWith(`| ${panel.title} (`));
      for (const { expr, query } of panel.targets ?? []) {
        expect(line?.replaceAll("\\|", "|")).toContain(expr ?? query);
      }
    }
  }
});

test("no query ends its cell, and every row has four", () => {
  const table = reference.split("\n").filter((line) => /^\| .* \((?!http)\w+\) \|/.test(line));
  expect(table.length).toBeGreaterThan(100);
  for (const line of table) expect(line.match(/(?<!\\)\|/g)).toHaveLength(5);
});
