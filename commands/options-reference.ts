import { stringify } from "yaml";
import { listOptions, type OptionEntry } from "../config/options";

const HEADER = `# Options

Generated from \`config/schema.ts\` by \`npm run docs\`; do not edit.

Options stand in \`Pulumi.<stack>.yaml\` under \`config:\`, each group at the top with \`tracekeep:\`
before its name:

\`\`\`yaml
config:
  tracekeep:ports:
    grafana:
      https: 3001
\`\`\`

A duration has a unit (\`ms\`, \`s\`, \`m\`, \`h\`, \`d\`, \`w\`; \`1h30m\` is one too), a size is in bytes
or has \`Ki\`, \`Mi\`, \`Gi\` or \`Ti\`, CPU is in cores. \`name[]\` is an entry of a list. A secret is
encrypted with \`pulumi config set --secret --path tracekeep:<path>\`; see [security](security.md).
A wrong configuration is reported whole, before anything is changed.
`;

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/** A default that no cell has room for stands below the table. */
const isLong = ({ fallback }: OptionEntry) => Array.isArray(fallback) && fallback.length > 10;

const below = ({ path, fallback }: OptionEntry) =>
  `\nDefault of \`${path}\`:\n\n\`\`\`yaml\n${stringify(fallback, { lineWidth: 0 })}\`\`\``;

function defaultOf(option: OptionEntry): string {
  const { fallback, required, secret } = option;
  if (required) return "required";
  if (isLong(option)) return "below";
  if (fallback === undefined || secret) return "";
  // A pipe inside code would end the cell.
  return `\`${JSON.stringify(fallback).replaceAll("|", "\\|").replaceAll("`", "'")}\``;
}

function row(option: OptionEntry): string {
  const form = `${option.form ?? ""}${option.secret ? "; secret" : ""}`;
  return `| \`${option.path}\` | ${cell(option.description)} | ${cell(form)} | ${defaultOf(option)} |`;
}

const TABLE = "| option | what it is | form | default |\n|---|---|---|---|";

/** The text of `docs/options.md`. */
export function optionsReference(): string {
  const options = listOptions();
  const tops = options.filter(({ depth }) => depth === 0);
  const single = tops.filter(({ kind }) => kind === "value");
  const parts = [HEADER, "## Single options\n", TABLE, ...single.map(row)];
  for (const top of tops.filter(({ kind }) => kind !== "value")) {
    const members = options.filter(
      ({ path }) => path.startsWith(`${top.path}.`) || path.startsWith(`${top.path}[].`),
    );
    const what = top.kind === "list" ? `${top.description} A list.` : top.description;
    parts.push(`\n## ${top.path}\n`, `${what}\n`, TABLE, ...members.map(row));
    parts.push(...members.filter(isLong).map(below));
  }
  return `${parts.join("\n")}\n`;
}
