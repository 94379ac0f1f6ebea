import * as fs from "node:fs";
import * as path from "node:path";
import type { Command } from "commander";
import { optionsReference } from "./options-reference";
import { PROJECT } from "./paths";

export function register(program: Command): void {
  program
    .command("docs")
    .description("Write the option reference, docs/options.md, from config/schema.ts.")
    .action(() => {
      const file = path.join(PROJECT, "docs", "options.md");
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, optionsReference());
      process.stdout.write("Written: docs/options.md\n");
    });
}
