import { LEVELS } from "../policy/levels";
import type { Rule } from "../policy/rule";
import { AREAS, RULES } from "../policy/rules";

const HEADER = `# Policies

Generated from \`policy/rules/*.ts\` by \`npm run docs\`; do not edit.

What every stack must hold to, on Docker and on Kubernetes: ${RULES.length} rules of a policy pack that Pulumi
runs. They look at the resources themselves before they are made, at the configuration files in them
too, parsed, and at the stack as a whole. They need no account and no network, and after \`npm ci\`
nothing is to be installed in \`policy/\`.

\`\`\`sh
npm run preview -- --stack prod -- --policy-pack policy      # nothing is changed
npm run up -- --stack prod -- --policy-pack policy           # refused before a resource breaks a rule
pulumi policy analyze --file state.json --policy-pack policy # an exported state, without a stack or a login
\`\`\`

\`analyze --file\` needs version 3.249 of the CLI. The [page for reviewers](reviewing.md) has what the rules
find too, at their defaults, with what is new. As they come, the files of \`prod\` and \`host\` break two:
\`image-digest\` until \`npm run images -- lock\` has filled the lock, and \`alert-receiver\` until somebody is told.

A **mandatory** rule that is broken ends the command, with the rule's name, its sentence, and where;
an **advisory** one only shows. No message holds a value, for what is wrong may be a secret.

The environment decides (\`environment\`, by default the stack's name): in \`dev\` all rules advise, and
those that only count where others depend on the stack are off; everywhere else all are mandatory. An
exported state has no environment and is taken for production's.

What a preview cannot know yet, such as the id of an image that is not there, is no violation: the rule
sees it during \`up\`, before the resource is made. The rules over the whole stack come at the end of
both, so let a preview go first.

## Settings

A file of settings, by rule, changes how grave each is (\`advisory\`, \`mandatory\`, \`disabled\`) and what it
allows; \`all\` stands for every rule:

\`\`\`json
{
  "all": "mandatory",
  "image-registry": { "registries": ["registry.example.org"] },
  "stop-grace": { "enforcementLevel": "advisory", "seconds": 30 }
}
\`\`\`

\`\`\`sh
npm run preview -- --stack prod -- --policy-pack policy --policy-pack-config policies.json
\`\`\`

## What no policy can see

- Whether a data volume is kept when its resource is deleted (\`retainOnDelete\`): the engine does not
  tell policies. A unit test holds that every data volume is; \`data-protected\` and \`claims-retained\`
  are what a policy sees of it.
- What runs: the rules look at what is declared. \`npm run verify\` and \`npm run drift\` look at the rest.
- What an application's own image does inside.
`;

const TARGETS = { docker: "Docker", kubernetes: "Kubernetes" } as const;

const words = (value: unknown): string => {
  if (!Array.isArray(value)) return `\`${JSON.stringify(value)}\``;
  return value.length === 0 ? "none" : value.map((one) => `\`${String(one)}\``).join(", ");
};

function settings({ options = {} }: Rule): string {
  return Object.entries(options)
    .map(([name, { description, default: value }]) => {
      const default_ = description?.includes("Default:") ? "" : ` Default: ${words(value)}.`;
      return `\`${name}\`: ${description}${default_}`;
    })
    .join("<br>");
}

function row(rule: Rule): string {
  const { name, description, scope = "everywhere", targets } = rule;
  const on = targets === undefined ? "both" : targets.map((target) => TARGETS[target]).join(", ");
  const cells = [
    `\`${name}\``,
    description,
    on,
    LEVELS.development[scope] === "disabled" ? "production" : "everywhere",
    settings(rule),
  ];
  return `| ${cells.join(" | ")} |`;
}

/** The text of `docs/policies.md`. */
export function policiesReference(): string {
  const sections = Object.entries(AREAS).flatMap(([area, rules]) => [
    `\n## ${area}\n`,
    "| rule | what must be so | on | counts | settings |\n|---|---|---|---|---|",
    ...rules.map(row),
  ]);
  return `${[HEADER.trimEnd(), ...sections].join("\n")}\n`;
}
