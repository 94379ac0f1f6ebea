import { accessSection } from "./sections/access";
import { certificatesSection } from "./sections/certificates";
import { dataSection } from "./sections/data";
import { filesSection } from "./sections/files";
import { imagesSection } from "./sections/images";
import { policiesSection } from "./sections/policies";
import { resourcesSection } from "./sections/resources";
import { restartsSection } from "./sections/restarts";
import { secretsSection } from "./sections/secrets";
import type { Compared, Section } from "./sections/section";
import { resourceChanges } from "./resource-changes";
import type { Side } from "./side";

/** The sections, what cannot be undone first. */
const SECTIONS: readonly ((compared: Compared) => Section)[] = [
  dataSection,
  restartsSection,
  accessSection,
  certificatesSection,
  imagesSection,
  policiesSection,
  secretsSection,
  resourcesSection,
  filesSection,
];

/** A stack at two revisions; notes tell what is not known of one. */
export interface ReviewedStack {
  stack: string;
  before: Side;
  after: Side;
  notes?: readonly string[];
}

export function compare(before: Side, after: Side): Compared {
  return {
    before,
    after,
    ...(before.resources &&
      after.resources && { changes: resourceChanges(before.resources, after.resources) }),
  };
}

const isSame = ({ before, after }: ReviewedStack) =>
  before.files.size === after.files.size &&
  [...after.files].every(([name, text]) => before.files.get(name) === text);

function stackLines(reviewed: ReviewedStack): string[] {
  const { stack, before, after, notes = [] } = reviewed;
  const heading = [`## Stack ${stack}`, "", ...notes.flatMap((note) => [`> ${note}`, ""])];
  const compared = compare(before, after);
  const secrets = secretsSection(compared).lines;
  if (isSame(reviewed) && secrets[0] === "No change.") return [...heading, "No change.", ""];
  return [
    ...heading,
    ...SECTIONS.flatMap((section) => {
      const { title, lines } = section(compared);
      return [`### ${title}`, "", ...lines, ""];
    }),
  ];
}

/** The page for reviewers: what a change does to each stack. */
export function reviewPage(title: string, stacks: readonly ReviewedStack[]): string {
  const lines = [`# ${title}`, "", ...stacks.flatMap(stackLines)];
  return `${lines.join("\n").trimEnd()}\n`;
}
