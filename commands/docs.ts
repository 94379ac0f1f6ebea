import * as fs from "node:fs";
import * as path from "node:path";
import type { Command } from "commander";
import { alertsReference } from "./alerts-reference";
import { dashboardsReference } from "./dashboards-reference";
import { optionsReference } from "./options-reference";
import { PROJECT } from "./paths";
import { policiesReference } from "./policies-reference";
import { sizingReference } from "./sizing-reference";

/** The generated pages of `docs/`. */
const PAGES: Record<string, () => string> = {
  "options.md": optionsReference,
  "alerts.md": alertsReference,
  "dashboards.md": dashboardsReference,
  "policies.md": policiesReference,
  "sizing.md": sizingReference,
};

export function register(program: Command): void {
  program
    .command("docs")
    .description(
      "Write the pages of docs/ that follow from the code: options, alerts, dashboards, policies, sizing.",
    )
    .action(() => {
      fs.mkdirSync(path.join(PROJECT, "docs"), { recursive: true });
      for (const [name, text] of Object.entries(PAGES)) {
        fs.writeFileSync(path.join(PROJECT, "docs", name), text());
        process.stdout.write(`Written: docs/${name}\n`);
      }
    });
}
